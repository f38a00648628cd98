export class UnavailableError extends Error {
  readonly page: 'away' | 'overloaded' = 'away'
}
