import type { Person } from './facts.ts'

/** The stored row behind a session. Its JSON is empty, so that it is never written back. */
export class SessionMetadata {
  /** The id of the row: an older one until a regenerated session is saved. */
  readonly id: string
  /** Of the row. `person` is null if they may not sign in. */
  readonly userId: string | null
  readonly person: Person | null
  readonly touchedAt: Date
  /** The JSON that this request has stored: express-session saves a new session twice. */
  readonly stored: string | null

  constructor(
    { id, userId }: { id: string; userId: string | null },
    person: Person | null,
    touchedAt: Date,
    stored: string | null = null,
  ) {
    this.id = id
    this.userId = userId
    this.person = person
    this.touchedAt = touchedAt
    this.stored = stored
  }

  /** The same with a later touch, so that this request does not touch the row. */
  asTouched(now: Date): SessionMetadata {
    return new SessionMetadata(this, this.person, now, this.stored)
  }

  toJSON(): undefined {
    return undefined
  }
}
