import { and, eq } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { Transaction } from '../platform/db/client.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import type { ActingSession } from './acting-session.ts'
import { factsOf, type Person } from './facts.ts'
import { readPerson } from './read-person.queries.ts'

/** A person locked for the rest of the transaction, as they are now. `now`: the time after the locks. */
export interface HeldPerson {
  person: Person
  now: Date
}

/** Locks a person and the session that acts, and reads the person again. Null if the session has ended. */
export async function holdSession(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  session: ActingSession,
): Promise<HeldPerson | null> {
  const { userId, sessionId } = session
  // The user before the session: ending sessions locks in this order.
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update')
  const [held] = await tx
    .select({ expiresAt: sessions.expiresAt })
    .from(sessions)
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId)))
    .for('key share')
  const person = await readPerson(tx, userId)
  const now = clock.now()
  if (!person || !held || held.expiresAt <= now) return null
  return factsOf(session, person, now).passwordProven ? { person, now } : null
}
