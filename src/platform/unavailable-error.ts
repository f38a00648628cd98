/** Thrown when nothing can be answered just now, through no fault of the one who asks. Answered 503. */
export class UnavailableError extends Error {
  /** Which page says so: something is away, or too much is asked at once. */
  readonly page: 'away' | 'overloaded' = 'away'
}
