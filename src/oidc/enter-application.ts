import { randomUUID } from 'node:crypto'
import { eq, isNull, sql } from 'drizzle-orm'
import { admissionColumns } from '../applications/admission.queries.ts'
import { type EntryRefusal, mayEnter } from '../applications/entry.ts'
import { noteUse } from '../applications/note-use.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { factsOf, type Person } from '../gate/facts.ts'
import { holdSession } from '../gate/hold-session.ts'
import { isSignedIn } from '../gate/stages.ts'
import { byOneself, type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { oidcGrants } from '../platform/db/schema/oidc.ts'
import { users } from '../platform/db/schema/users.ts'

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
    const held = await holdSession(deps, tx, session)
    if (!held || !isSignedIn(session, held.person, held.now)) return { ok: false, refusal: 'superseded' }
    const { person, now } = held
    const application = await readApplication(tx, request.applicationId, person)
    const { codeProven } = factsOf(session, person, now)
    const refusal = mayEnter(
      { roleGroups: person.roleGroups, codeProven },
      { ...application.admission, requiresMfa: application.admission.requiresMfa || request.demandsMfa },
    )
    const details = { application: application.name, applicationId: request.applicationId }
    const entered = { ...byOneself(person, now, origin), action: 'application.entered' } as const
    if (refusal !== null) {
      // Without MFA they are led to enrolment, not refused.
      if (refusal !== 'mfa')
        await record(tx, { ...entered, outcome: 'refused', details: { ...details, refusal } })
      return { ok: false, refusal }
    }

    const expiresAt = new Date(now.getTime() + deps.config.SESSION_ABSOLUTE)
    const { isNew, ...grant } = await openGrant(tx, session, request, now, expiresAt)
    if (isNew) {
      await noteUse(tx, { applicationId: request.applicationId, userId: person.id }, now)
      await record(tx, { ...entered, details })
    }
    return { ok: true, grant }
  })
}

async function readApplication(tx: Transaction, id: string, person: Person) {
  const [application] = await tx
    .select({ name: applications.name, admission: admissionColumns(users.clientId) })
    .from(applications)
    .innerJoin(users, eq(users.id, person.id))
    .where(eq(applications.id, id))
  if (!application) throw new Error('a client of the provider has no application')
  return application
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
