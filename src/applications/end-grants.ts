import { and, eq, gt, inArray, isNotNull, type SQL, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Deps } from '../deps.ts'
import { endSessionsOfClient } from '../gate/end-sessions-of-client.ts'
import type { Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { oidcArtifacts, oidcGrants } from '../platform/db/schema/oidc.ts'
import { users } from '../platform/db/schema/users.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import type { JobPayloads } from '../platform/outbox/jobs.ts'
import { isOpen, selectOpenGrants, whileAlive } from './live-grants.queries.ts'

/** Users in one transaction. Their grants stay locked for a fraction of a second. */
const BATCH = 500

/**
 * Ends the grants that are no longer alive, for a batch of users, and queues the job for the rest. It ends no grant
 * that is alive: a forged job does no harm.
 */
export async function endGrants(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  job: JobPayloads['end-grants'],
): Promise<void> {
  const { of, id } = job
  if (!isUuid(id)) return
  if (of === 'client' && (await endSessionsIfSuspended(tx, id, clock.now())) === BATCH)
    return enqueue(tx, 'end-grants', job)

  const batch = await nextUsers(tx, job)
  const last = batch.at(-1)
  if (last === undefined) return
  const grants = await selectOpenGrants(tx).where(and(openIn(job), inArray(oidcGrants.userId, batch)))
  const now = clock.now()
  await end(
    tx,
    grants.filter((grant) => whileAlive(grant, now) === null).map(({ id }) => id),
    now,
  )
  if (batch.length === BATCH) await enqueue(tx, 'end-grants', { of, id, after: last })
}

/** Suspending an account of many users leaves sessions, which are dead already. */
async function endSessionsIfSuspended(tx: Transaction, clientId: string, now: Date): Promise<number> {
  // Resuming waits, and nobody signs in before it.
  const [client] = await tx
    .select({ suspendedAt: clients.suspendedAt })
    .from(clients)
    .where(eq(clients.id, clientId))
    .for('share')
  return client?.suspendedAt ? endSessionsOfClient(tx, clientId, now, BATCH) : 0
}

async function nextUsers(tx: Transaction, job: JobPayloads['end-grants']): Promise<string[]> {
  const rows = await tx
    .selectDistinct({ id: oidcGrants.userId })
    .from(oidcGrants)
    .innerJoin(users, eq(users.id, oidcGrants.userId))
    .where(and(openIn(job), job.after === undefined ? undefined : gt(oidcGrants.userId, job.after)))
    .orderBy(oidcGrants.userId)
    .limit(BATCH)
  return rows.map(({ id }) => id)
}

function openIn({ of, id }: JobPayloads['end-grants']): SQL | undefined {
  const scope = { application: oidcGrants.applicationId, client: users.clientId, user: oidcGrants.userId }
  return and(isOpen, isNotNull(oidcGrants.sessionId), eq(scope[of], id))
}

async function end(tx: Transaction, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return
  const those = uuidArray(ids)
  // Artifacts first, as the use of a code or token locks them: the other order would deadlock.
  await tx.delete(oidcArtifacts).where(sql`${oidcArtifacts.grantId} = any(${those})`)
  await tx
    .update(oidcGrants)
    .set({ endedAt: now })
    .where(and(isOpen, sql`${oidcGrants.id} = any(${those})`))
}
