import { eq } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { sessionEnds } from '../platform/db/schema/sessions.ts'
import type { SessionEnd } from '../platform/session-end.ts'
import type { Person } from './facts.ts'
import { readPerson } from './read-person.queries.ts'

/** Why the session with this stored id was ended, and whose it was; null if it was not, or too long ago. */
export async function readEndedSession(
  db: Reader,
  sessionId: string,
): Promise<{ because: SessionEnd; person: Person | null } | null> {
  const [row] = await db.select().from(sessionEnds).where(eq(sessionEnds.sessionId, sessionId))
  return row ? { because: row.because, person: await readPerson(db, row.userId) } : null
}
