import { eq } from 'drizzle-orm'
import type { UserRequest } from '../access/act-on-user.ts'
import { keysOf } from '../access/choose-role-groups.ts'
import { type EvidenceField, readEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { openApproval, requesterOf } from '../access/open-approval.ts'
import type { Missing, Outcome } from '../access/outcome.ts'
import { approvedRoleGroups } from '../access/people.ts'
import { mayEnable } from '../access/rules.ts'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import type { Deps } from '../deps.ts'
import type { Person, RoleGroup } from '../gate/facts.ts'
import { happenedSince } from '../platform/audit/happened-since.queries.ts'
import { type AuditEntry, record } from '../platform/audit/record.ts'
import type { Reader, Transaction } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { users } from '../platform/db/schema/users.ts'
import { notify } from '../platform/mail/notify.ts'
import { DAY } from '../platform/time/durations.ts'

/** `approvalId`: the user administers, so the change waits for a second person. */
export type EnableOutcome = Outcome<{ clientId: string; approvalId: string | null }, Missing<EvidenceField>>

const ACTION = 'user.enabled'
/** So long a disabling can be taken back by one person. */
const TAKEN_BACK_WITHIN_MS = DAY

/**
 * Lets a disabled user in again. A user who administers is enabled once a second person has approved it, except within a
 * day of the disabling.
 */
export function enableUser(deps: Deps, request: UserRequest): Promise<EnableOutcome> {
  return deps.db.transaction(async (tx): Promise<EnableOutcome> => {
    const { actor, targetId, form, origin } = request
    const verdict = await judge(deps, tx, { actor, targetId, action: ACTION, origin }, mayEnable)
    if (!verdict.ok) return verdict
    const { evidence, missing } = readEvidence(verdict.actor, form)
    if (!evidence) return { ok: false, refusal: null, missing }

    const { targetPerson: person, now } = verdict
    const { id: userId, clientId, email, name, roleGroups } = person
    const given = await administeringAgain(tx, person, now)
    if (given.length === 0) {
      await enablePerson(tx, person, { at: now, origin, actorId: actor.userId, details: evidence })
      return { ok: true, clientId, approvalId: null }
    }
    const opened = await openApproval(deps, tx, {
      kind: 'enabling',
      clientId,
      userId,
      email,
      name,
      held: keysOf(roleGroups),
      change: { given, taken: [] },
      ...requesterOf(actor),
      evidence,
      origin,
    })
    return opened.ok ? { ...opened, clientId } : verdict.refuse(opened.refusal)
  })
}

/** The role groups because of which enabling this user waits for a second person. */
export async function administeringAgain(db: Reader, person: Person, now: Date): Promise<RoleGroup[]> {
  const held = approvedRoleGroups(person)
  if (held.length === 0) return []
  const since = new Date(now.getTime() - TAKEN_BACK_WITHIN_MS)
  const isTheirs = eq(auditEvents.subjectId, person.id)
  return (await happenedSince(db, 'user.disabled', isTheirs, since)) ? [] : held
}

/** Enables a user, records it and queues the mails. A user who was never active is invited as before. */
export async function enablePerson(
  tx: Transaction,
  person: Person,
  by: Pick<AuditEntry, 'at' | 'origin'> & { actorId: string; details: Record<string, unknown> },
): Promise<void> {
  const { id, clientId } = person
  const [user] = await tx.select({ activatedAt: users.activatedAt }).from(users).where(eq(users.id, id))
  // A user who never activated becomes invited again: 'active' would skip enrolment.
  const status = user?.activatedAt ? 'active' : 'invited'
  await tx.update(users).set({ status }).where(eq(users.id, id))
  const eventId = await record(tx, { ...by, action: ACTION, outcome: 'success', clientId, subjectId: id })
  if (status === 'active') await notify(tx, { to: id, kind: 'account-enabled', eventId, facts: {} })
  await tellOfAdministrator(tx, person, eventId, 'enabled')
}
