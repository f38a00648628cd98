import { and, eq, sql } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { Transaction } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import type { ActingSession } from './acting-session.ts'
import { factsOf, type Person } from './facts.ts'
import { readPerson } from './read-person.queries.ts'

/** A person locked for the rest of the transaction, as they are now, and the time after the locks. */
export interface LockedPerson {
  person: Person
  now: Date
}

/**
 * Locks a person and the row of the session that acts, and reads the person anew. Signing out and ending sessions wait
 * for this transaction, or this waits for them and finds the session gone. Null if it has ended in any way.
 */
export async function holdSession(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  session: ActingSession,
): Promise<LockedPerson | null> {
  const { userId } = session
  // Sent together, done one after the other: what is read is seen once the locks are held.
  const [, rows, person] = await Promise.all([
    lockPerson(tx).execute({ userId }),
    lockSession(tx, session),
    readPerson(tx, userId),
  ])
  const now = clock.now()
  if (!person || !isLive(rows, now)) return null
  return factsOf(session, person, now).passwordProven ? { person, now } : null
}

/** Keeps a session's row from being deleted. Comes after the person's row: what ends their sessions locks in this order. */
export function lockSession(
  tx: Transaction,
  { sessionId, userId }: ActingSession,
): Promise<{ expiresAt: Date }[]> {
  return tx
    .select({ expiresAt: sessions.expiresAt })
    .from(sessions)
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId)))
    .for('key share')
    .prepare('lock_session')
    .execute()
}

/** Whether the row that was looked for is there and has not expired. */
export function isLive([row]: readonly { expiresAt: Date }[], now: Date): boolean {
  return row !== undefined && row.expiresAt > now
}

const lockPerson = preparedOnce((tx: Transaction) =>
  tx
    .select({ id: users.id })
    .from(users)
    .where(eq(users.id, sql.placeholder('userId')))
    .for('no key update')
    .prepare('lock_person'),
)
