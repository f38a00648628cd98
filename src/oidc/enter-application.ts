import { randomUUID } from 'node:crypto'
import { eq, isNull, sql } from 'drizzle-orm'
import { judgeEntry } from '../applications/judge-entry.ts'
import type { EntryRefusal } from '../applications/may-enter.ts'
import { recordEntry } from '../applications/record-entry.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { oidcGrants } from '../platform/db/schema/oidc.ts'

export interface EntryRequest {
  applicationId: string
  /** The request demands MFA, whether or not the application does. */
  demandsMfa: boolean
  /** What a grant permits. */
  scope: string
}

export type Entered =
  | { ok: true; grant: { id: string; sid: string } }
  /** 'superseded': the session ended during the request. */
  | { ok: false; refusal: EntryRefusal | 'superseded' }

/** Opens the grant of a session for an application, or finds it. */
export function enterApplication(
  deps: Deps,
  session: ActingSession,
  request: EntryRequest,
  origin: Origin,
): Promise<Entered> {
  return deps.db.transaction(async (tx): Promise<Entered> => {
    const { applicationId, demandsMfa } = request
    const asked = { which: eq(applications.id, applicationId), demandsMfa }
    const verdict = await judgeEntry(deps, tx, session, asked, origin)
    if (!verdict.ok && verdict.problem === 'unknown')
      throw new Error('a client of the provider has no application')
    if (!verdict.ok)
      return { ok: false, refusal: verdict.problem === 'refused' ? verdict.refusal : 'superseded' }

    const { now } = verdict
    const expiresAt = new Date(now.getTime() + deps.config.SESSION_ABSOLUTE)
    const { isNew, ...grant } = await openGrant(tx, session, request, now, expiresAt)
    if (isNew) await recordEntry(tx, verdict, origin)
    return { ok: true, grant }
  })
}

/** One statement, so that two first requests of a session get the same grant. */
async function openGrant(
  tx: Transaction,
  { userId, sessionId }: ActingSession,
  { applicationId, scope }: EntryRequest,
  now: Date,
  expiresAt: Date,
) {
  const [grant] = await tx
    .insert(oidcGrants)
    .values({
      applicationId,
      userId,
      sessionId,
      sid: randomUUID(),
      payload: { openid: { scope } },
      createdAt: now,
      expiresAt,
    })
    .onConflictDoUpdate({
      target: [oidcGrants.sessionId, oidcGrants.applicationId],
      targetWhere: isNull(oidcGrants.endedAt),
      set: { expiresAt },
    })
    .returning({ id: oidcGrants.id, sid: oidcGrants.sid, isNew: sql<boolean>`xmax = 0` })
  if (!grant) throw new Error('a grant was neither opened nor found')
  return grant
}
