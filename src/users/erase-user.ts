import type { UserRequest } from '../access/act-on-user.ts'
import { keysOf } from '../access/choose-role-groups.ts'
import { type Evidence, type EvidenceField, readEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { openApproval, requesterOf } from '../access/open-approval.ts'
import type { Missing, Outcome } from '../access/outcome.ts'
import { approvedRoleGroups } from '../access/people.ts'
import { mayErase } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { type AuditEntry, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { canonicalEmail } from '../platform/http/email-address.ts'
import { administeredLately } from './administered-lately.queries.ts'
import { erasePersonalData } from './erase-personal-data.ts'
import { namesPerson } from './names-person.ts'

/** `typedAddress`: not the address of the user. `names…`: the text would keep the person in the audit log. */
export type ErasingField = EvidenceField | 'typedAddress' | 'namesInTicket' | 'namesInReason'
/** `approvalId`: the user administers, so nothing is erased before a second person approves. */
export type EraseOutcome = Outcome<{ clientId: string; approvalId: string | null }, Missing<ErasingField>>

const ACTION = 'user.erased'

/**
 * Erases the personal data of a disabled user, for good. Of a user who administers, or did lately, once a second person
 * has approved it.
 */
export function eraseUser(deps: Deps, request: UserRequest): Promise<EraseOutcome> {
  return deps.db.transaction(async (tx): Promise<EraseOutcome> => {
    const { actor, targetId, form, origin } = request
    const verdict = await judge(deps, tx, { actor, targetId, action: ACTION, origin }, mayErase)
    if (!verdict.ok) return verdict
    const { targetPerson: person, now } = verdict
    const { evidence, missing } = readEvidence(verdict.actor, form)
    const wrong = [...missing, ...wrongOf(person, form, evidence)]
    if (!evidence || wrong.length > 0) return { ok: false, refusal: null, missing: wrong }

    const { id: userId, clientId, email, name } = person
    const administered = await administeredLately(tx, userId, now)
    if (administered && !verdict.actor.isServiceDesk) return verdict.refuse('admins-by-service-desk')
    if (approvedRoleGroups(person).length === 0 && !administered) {
      await erasePerson(tx, person, { at: now, origin, actorId: actor.userId, details: { ...evidence } })
      return { ok: true, clientId, approvalId: null }
    }
    const opened = await openApproval(deps, tx, {
      kind: 'erasing',
      clientId,
      userId,
      email,
      name,
      held: keysOf(person.roleGroups),
      change: { given: [], taken: [] },
      ...requesterOf(actor),
      evidence,
      origin,
    })
    return opened.ok ? { ...opened, clientId } : verdict.refuse(opened.refusal)
  })
}

/** Erases a person and records it. The caller has locked them. */
export async function erasePerson(
  tx: Transaction,
  person: Person,
  by: Pick<AuditEntry, 'at' | 'origin'> & { actorId: string; details: Record<string, unknown> },
): Promise<void> {
  const { id: subjectId, clientId } = person
  await erasePersonalData(tx, person, by.at)
  await record(tx, { ...by, action: ACTION, outcome: 'success', clientId, subjectId })
}

function wrongOf(person: Person, form: Record<string, unknown>, evidence: Evidence | null): ErasingField[] {
  const { typedAddress } = form
  const isTheirs = typeof typedAddress === 'string' && canonicalEmail(typedAddress) === person.email
  return [
    ...(isTheirs ? [] : ['typedAddress' as const]),
    ...(namesPerson(evidence?.ticket ?? '', person) ? ['namesInTicket' as const] : []),
    ...(namesPerson(evidence?.reason ?? '', person) ? ['namesInReason' as const] : []),
  ]
}
