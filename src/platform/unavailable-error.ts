/** A temporary failure. Answered 503. */
export class UnavailableError extends Error {
  /** The error page. */
  readonly page: 'away' | 'overloaded' = 'away'
}
