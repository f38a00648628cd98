import { and, eq, isNull } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Deps } from '../deps.ts'
import { BY_THE_PRODUCT, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { oidcGrants } from '../platform/db/schema/oidc.ts'
import { users } from '../platform/db/schema/users.ts'
import { readSigningKeys } from '../signing-keys/signing-keys.queries.ts'
import { issuerOf } from './issuer.ts'
import { readLiveGrant } from './live-grants.queries.ts'
import { logoutToken } from './logout-token.ts'
import { postLogoutToken } from './post-logout-token.ts'
import type { SlowCalls } from './slow-calls.ts'

/**
 * Back-channel logout: tells an application that a session has ended. Nothing happens if it was told already or if the
 * grant is alive. If the process dies between the answer and the commit, the application is told twice, with another
 * `jti`: its session has ended anyway.
 */
export async function tellApplication(
  deps: Pick<Deps, 'clock' | 'config'>,
  tx: Transaction,
  grantId: string,
  calls: SlowCalls,
): Promise<void> {
  const ended = await readUntold(tx, grantId)
  if (!ended || (await readLiveGrant(deps, tx, grantId))) return

  const { uri, clientId, application, ...session } = ended
  const { applicationId, userId: subjectId } = session
  const { ENCRYPTION_KEYS, PUBLIC_URL } = deps.config
  const now = deps.clock.now()
  const keys = await readSigningKeys(tx, ENCRYPTION_KEYS, now)
  const token = await logoutToken(session, issuerOf(PUBLIC_URL), keys, now)
  await calls.make(applicationId, () => postLogoutToken(uri, token))

  const at = deps.clock.now()
  await tx.update(oidcGrants).set({ toldAt: at }).where(eq(oidcGrants.id, grantId))
  await record(tx, {
    ...BY_THE_PRODUCT,
    at,
    action: 'application.signed-out',
    outcome: 'success',
    clientId,
    subjectId,
    details: { application, applicationId },
  })
}

async function readUntold(tx: Transaction, grantId: string) {
  if (!isUuid(grantId)) return null
  const [row] = await tx
    .select({
      applicationId: oidcGrants.applicationId,
      application: applications.name,
      uri: applications.backChannelLogoutUri,
      alg: applications.idTokenAlg,
      userId: oidcGrants.userId,
      clientId: users.clientId,
      sid: oidcGrants.sid,
    })
    .from(oidcGrants)
    .innerJoin(applications, eq(applications.id, oidcGrants.applicationId))
    .innerJoin(users, eq(users.id, oidcGrants.userId))
    .where(and(eq(oidcGrants.id, grantId), isNull(oidcGrants.toldAt)))
  return row?.uri ? { ...row, uri: row.uri } : null
}
