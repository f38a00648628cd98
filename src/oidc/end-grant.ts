import { and, eq } from 'drizzle-orm'
import { endOpenGrants } from '../applications/end-open-grants.ts'
import type { Deps } from '../deps.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { oidcGrants } from '../platform/db/schema/oidc.ts'
import { users } from '../platform/db/schema/users.ts'

type EndDeps = Pick<Deps, 'db' | 'clock'>
type Reusable = 'AuthorizationCode' | 'RefreshToken'

/** Ends a grant with all its codes and tokens. `reused`: what was presented a second time. */
export async function endGrant(
  { db, clock }: EndDeps,
  id: string,
  reused: Reusable | null,
  origin: Origin,
): Promise<void> {
  await db.transaction(async (tx) => {
    const now = clock.now()
    const [ended] = await endOpenGrants(tx, eq(oidcGrants.id, id), now)
    if (ended && reused) await recordReuse(tx, ended, reused, now, origin)
  })
}

/** Ends what a session has granted to an application. */
export async function endGrantOfSession(
  { db, clock }: EndDeps,
  sessionId: string,
  applicationId: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    const granted = and(eq(oidcGrants.sessionId, sessionId), eq(oidcGrants.applicationId, applicationId))
    await endOpenGrants(tx, granted, clock.now())
  })
}

async function recordReuse(
  tx: Transaction,
  { applicationId, userId }: Pick<typeof oidcGrants.$inferSelect, 'applicationId' | 'userId'>,
  reused: Reusable,
  now: Date,
  origin: Origin,
): Promise<void> {
  const [about] = await tx
    .select({ application: applications.name, clientId: users.clientId })
    .from(users)
    .innerJoin(applications, eq(applications.id, applicationId))
    .where(eq(users.id, userId))
  if (!about) throw new Error('a grant has lost its user')
  const { application, clientId } = about
  await record(tx, {
    at: now,
    action: 'application.signed-out',
    outcome: 'failure',
    origin,
    clientId,
    actorId: null,
    subjectId: userId,
    details: { application, applicationId, reused },
  })
}
