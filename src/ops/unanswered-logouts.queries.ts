import { and, asc, eq, isNull, lt, min, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { oidcGrants } from '../platform/db/schema/oidc.ts'
import { outbox } from '../platform/db/schema/outbox.ts'
import type { JobName } from '../platform/outbox/jobs.ts'

const TELL: JobName = 'tell-application'

export interface UnansweredLogouts {
  applicationId: string
  name: string
  /** Ended sessions that the application has not confirmed. */
  sessions: number
  since: Date
}

/** Applications that have not confirmed a logout token for an hour, also if its job was given up. */
export async function readUnansweredLogouts(db: Reader): Promise<UnansweredLogouts[]> {
  const since = min(outbox.createdAt)
  const grantId = sql`case when ${outbox.job} = ${TELL} then (${outbox.payload} ->> 'grantId')::uuid end`
  const rows = await db
    .select({
      applicationId: applications.id,
      name: applications.name,
      sessions: sql<number>`count(*)::int`,
      since,
    })
    .from(outbox)
    .innerJoin(oidcGrants, eq(oidcGrants.id, grantId))
    .innerJoin(applications, eq(applications.id, oidcGrants.applicationId))
    .where(
      and(
        eq(outbox.job, TELL),
        isNull(outbox.doneAt),
        isNull(oidcGrants.toldAt),
        lt(outbox.createdAt, sql`clock_timestamp() - interval '1 hour'`),
      ),
    )
    .groupBy(applications.id)
    .orderBy(asc(since))
  return rows.flatMap(({ since, ...row }) => (since ? [{ ...row, since }] : []))
}
