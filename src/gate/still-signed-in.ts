import { eq } from 'drizzle-orm'
import { sessions } from '../db/schema/sessions.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from './acting-session.ts'
import type { Person } from './facts.ts'
import { isLive } from './hold-session.ts'
import { readPerson } from './read-person.ts'
import { isSignedIn } from './stages.ts'

/**
 * Asks the gate anew about a request that is still being answered: what takes long must not outlive the session that
 * it was let in with. Null if that has ended.
 */
export async function stillSignedIn(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  session: ActingSession,
): Promise<Person | null> {
  const rows = await db
    .select({ expiresAt: sessions.expiresAt })
    .from(sessions)
    .where(eq(sessions.id, session.sessionId))
  const person = await readPerson(db, session.userId)
  const now = clock.now()
  return person && isLive(rows, now) && isSignedIn(session, person, now) ? person : null
}
