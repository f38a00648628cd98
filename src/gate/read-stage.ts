import { eq, sql } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { users } from '../platform/db/schema/users.ts'
import type { ActingSession } from './acting-session.ts'
import { factsOf, type Person } from './facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  personColumns,
  toPerson,
} from './person-row.ts'
import { type StageName, stageOf } from './stages.ts'

/** Asks the gate again about a request it let in: the stage and the person now; null if the session has ended. */
export async function readStage(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  session: ActingSession,
): Promise<{ stage: StageName; person: Person | null }> {
  const [row] = await stageQuery(db).execute({ sessionId: session.sessionId })
  const now = clock.now()
  const person = row && row.expiresAt > now ? toPerson(row.person, row.codeLockout) : null
  return { stage: stageOf(factsOf(session, person, now)).name, person }
}

const stageQuery = preparedOnce((db) =>
  db
    .select({ expiresAt: sessions.expiresAt, person: personColumns, codeLockout: lockoutColumns })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .where(eq(sessions.id, sql.placeholder('sessionId')))
    .prepare('read_stage'),
)
