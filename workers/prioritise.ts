import { and, count, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Reader } from '../src/platform/db/client.ts'
import { auditEvents } from '../src/platform/db/schema/audit-events.ts'
import { mfaResets } from '../src/platform/db/schema/mfa-resets.ts'
import { notifications } from '../src/platform/db/schema/notifications.ts'
import { oidcGrants } from '../src/platform/db/schema/oidc.ts'
import { outbox } from '../src/platform/db/schema/outbox.ts'
import { users } from '../src/platform/db/schema/users.ts'
import { uuidArray } from '../src/platform/db/uuid-array.ts'
import type { PendingJob, PrioritisedJob } from './add-jobs.ts'
import { priorityOf } from './priority.ts'

/**
 * The share is the user who caused the job, or the account of a recipient who caused it themselves. To tell an
 * application, each account has a share at each application: a suspended account delays no other one.
 */
export async function prioritise(db: Reader, jobs: readonly PendingJob[]): Promise<PrioritisedJob[]> {
  if (jobs.length === 0) return []
  const causes = await readCauses(
    db,
    jobs.map(({ id }) => id),
  )
  const shares = new Set([...causes.values()].flatMap(({ share }) => share ?? []))
  const openOf = await countOpen(db, [...shares])
  return jobs.map((job) => {
    const { share = null, mail = null } = causes.get(job.id) ?? {}
    const key = `${share} ${job.job}`
    const position = (openOf.get(key) ?? 0) + 1
    openOf.set(key, position)
    return { ...job, share, priority: priorityOf(mail, position) }
  })
}

const grantees = alias(users, 'grantees')

interface Cause {
  share: string | null
  mail: string | null
}

async function readCauses(db: Reader, ids: readonly string[]): Promise<Map<string, Cause>> {
  const byAnother = sql`case when ${auditEvents.actorId} is distinct from ${notifications.recipientId} then ${auditEvents.actorId} end`
  const shareAtApplication = sql`md5(${oidcGrants.applicationId}::text || ${grantees.clientId}::text)::uuid`
  const rows = await db
    .select({
      id: outbox.id,
      mail: notifications.kind,
      share: sql<
        string | null
      >`coalesce(${mfaResets.requestedBy}, ${byAnother}, ${users.clientId}, ${shareAtApplication})`,
    })
    .from(outbox)
    .leftJoin(notifications, eq(notifications.id, idIn('notificationId')))
    .leftJoin(auditEvents, eq(auditEvents.id, notifications.eventId))
    .leftJoin(users, eq(users.id, notifications.recipientId))
    .leftJoin(mfaResets, eq(mfaResets.id, idIn('mfaResetId')))
    .leftJoin(oidcGrants, eq(oidcGrants.id, idIn('grantId')))
    .leftJoin(grantees, eq(grantees.id, oidcGrants.userId))
    .where(sql`${outbox.id} = any(${uuidArray(ids)})`)
  return new Map(rows.map(({ id, ...cause }) => [id, cause]))
}

/** Null if the payload has no valid id: one invalid row must not stop the batch. */
function idIn(field: string) {
  const text = sql`${outbox.payload} ->> ${sql.raw(`'${field}'`)}`
  return sql`case when ${text} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (${text})::uuid end`
}

async function countOpen(db: Reader, shares: readonly string[]): Promise<Map<string, number>> {
  if (shares.length === 0) return new Map()
  const rows = await db
    .select({ share: outbox.share, job: outbox.job, open: count() })
    .from(outbox)
    .where(
      and(
        sql`${outbox.share} = any(${uuidArray(shares)})`,
        isNotNull(outbox.dispatchedAt),
        isNull(outbox.doneAt),
        isNull(outbox.failedAt),
        isNull(outbox.dueAt),
      ),
    )
    .groupBy(outbox.share, outbox.job)
  return new Map(rows.map(({ share, job, open }) => [`${share} ${job}`, open]))
}
