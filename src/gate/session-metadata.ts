import type { Person } from './facts.ts'

/** What is known of the stored row behind a session. It is never written back: its JSON is nothing. */
export class SessionMetadata {
  /** The id in the row, which is an older one until a regenerated session is saved. */
  readonly id: string
  readonly person: Person | null
  readonly touchedAt: Date
  /** What this very request has stored, as JSON: express-session saves a new session twice. */
  readonly stored: string | null

  constructor(id: string, person: Person | null, touchedAt: Date, stored: string | null = null) {
    this.id = id
    this.person = person
    this.touchedAt = touchedAt
    this.stored = stored
  }

  /** As if the row had just been touched: so it is not touched. */
  asTouched(now: Date): SessionMetadata {
    return new SessionMetadata(this.id, this.person, now, this.stored)
  }

  toJSON(): undefined {
    return undefined
  }
}
