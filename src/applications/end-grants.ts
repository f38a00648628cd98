import { and, eq, gt, inArray, isNotNull, type SQL, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Deps } from '../deps.ts'
import { endSessionsOfClient } from '../gate/end-sessions-of-client.ts'
import type { Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { oidcGrants } from '../platform/db/schema/oidc.ts'
import { users } from '../platform/db/schema/users.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import type { JobPayloads } from '../platform/outbox/jobs.ts'
import { SECOND } from '../platform/time/durations.ts'
import { endOpenGrants } from './end-open-grants.ts'
import { isOpen, selectOpenGrants, whileAlive } from './live-grants.queries.ts'

type EndGrants = JobPayloads['end-grants']

/** Users in one transaction. Their grants stay locked for a fraction of a second. */
const BATCH = 500
/** The worker stops within 10 seconds, and the transaction of the job must not be idle for long. */
const RUN_MS = 5 * SECOND

/**
 * Ends the grants that are no longer alive, each batch of users in a transaction of its own. Queues the job again for
 * what is left after some seconds. It ends no grant that is alive: a forged job does no harm.
 */
export async function endGrants(
  deps: Pick<Deps, 'db' | 'clock'>,
  tx: Transaction,
  job: EndGrants,
  runMs = RUN_MS,
): Promise<void> {
  if (!isUuid(job.id)) return
  const endsAt = performance.now() + runMs
  let left: EndGrants | null = job
  do {
    const next: EndGrants = left
    left = await deps.db.transaction((batch) => endBatch(batch, next, deps.clock.now()))
  } while (left && performance.now() < endsAt)
  if (left) await enqueue(tx, 'end-grants', left)
}

/** Returns the job for the next batch, or null after the last one. */
async function endBatch(tx: Transaction, job: EndGrants, now: Date): Promise<EndGrants | null> {
  // Below deadlock_timeout: in a deadlock with a command of a person it is always the job that fails, and runs again.
  await tx.execute(sql`set local lock_timeout = '500ms'`)
  if (job.of === 'client' && (await endSessionsIfSuspended(tx, job.id, now)) === BATCH) return job

  const batch = await nextUsers(tx, job)
  const last = batch.at(-1)
  if (last === undefined) return null
  const grants = await selectOpenGrants(tx).where(and(openIn(job), inArray(oidcGrants.userId, batch)))
  const dead = grants.flatMap((grant) => (whileAlive(grant, now) === null ? [grant.id] : []))
  if (dead.length > 0) await endOpenGrants(tx, sql`${oidcGrants.id} = any(${uuidArray(dead)})`, now)
  return batch.length === BATCH ? { ...job, after: last } : null
}

/** Suspending an account of many users leaves sessions, which are dead already. */
async function endSessionsIfSuspended(tx: Transaction, clientId: string, now: Date): Promise<number> {
  // Resuming waits for this lock, and no user of the account signs in before it.
  const [client] = await tx
    .select({ suspendedAt: clients.suspendedAt })
    .from(clients)
    .where(eq(clients.id, clientId))
    .for('share')
  return client?.suspendedAt ? endSessionsOfClient(tx, clientId, now, BATCH) : 0
}

async function nextUsers(tx: Transaction, job: EndGrants): Promise<string[]> {
  const rows = await tx
    .selectDistinct({ id: oidcGrants.userId })
    .from(oidcGrants)
    .innerJoin(users, eq(users.id, oidcGrants.userId))
    .where(and(openIn(job), job.after === undefined ? undefined : gt(oidcGrants.userId, job.after)))
    .orderBy(oidcGrants.userId)
    .limit(BATCH)
  return rows.map(({ id }) => id)
}

function openIn({ of, id }: EndGrants): SQL | undefined {
  const scope = { application: oidcGrants.applicationId, client: users.clientId, user: oidcGrants.userId }
  return and(isOpen, isNotNull(oidcGrants.sessionId), eq(scope[of], id))
}
