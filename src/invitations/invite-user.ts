import type { ActRequest } from '../access/act-request.ts'
import { CHOOSE_ROLE_GROUPS, chooseRoleGroups, roleGroupKeys } from '../access/choose-role-groups.ts'
import { type EvidenceField, evidenceProblems, readDeskEvidence } from '../access/evidence.ts'
import { judgeWithinAccount } from '../access/judge.ts'
import { openApproval, requesterOf } from '../access/open-approval.ts'
import type { Outcome } from '../access/outcome.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayInvite, needsApproval } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitationAllowance, limitReached } from './invitation-allowance.ts'
import { invitePerson } from './invite-person.ts'
import { isTaken } from './invited-person.queries.ts'
import { ADDRESS_TAKEN, EMAIL_PROBLEMS, NAME_PROBLEMS, readEmail, readName } from './person-to-invite.ts'

export type InviteField = 'email' | 'name' | 'roleGroups' | EvidenceField

/** `approvalId`: the invitation waits for a second person, and no user was added. */
export type Invited = { clientId: string; userId: string } | { approvalId: string }
export type InviteProblems = { problems: Partial<Record<InviteField, string>> }
export type InviteOutcome = Outcome<Invited, InviteProblems>

const ACTION = 'invitation.sent'

/** Invites one person into an account, at once or after the approval of a second person. */
export async function inviteUser(
  deps: Deps,
  request: ActRequest & { clientId: string },
): Promise<InviteOutcome> {
  return deps.db.transaction(async (tx): Promise<InviteOutcome> => {
    const { actor, clientId, form, origin } = request
    const asked = { actor, action: ACTION, clientId, origin } as const
    const verdict = await judgeWithinAccount(deps, tx, asked, mayInvite)
    if (!verdict.ok) return verdict

    const { account } = verdict
    const all = await readRoleGroups(tx)
    const chosen = chooseRoleGroups(verdict.actor, account.isPlatform, all, roleGroupKeys(form))
    if (!chosen.ok && chosen.refusal !== null) return verdict.refuse(chosen.refusal)

    const email = readEmail(textIn(form, 'email'))
    const name = readName(textIn(form, 'name'))
    const { evidence, missing } = readDeskEvidence(verdict.actor, form)
    const problems = {
      ...('problem' in email && { email: EMAIL_PROBLEMS[email.problem] }),
      ...('problem' in name && { name: NAME_PROBLEMS[name.problem] }),
      ...(!chosen.ok && { roleGroups: CHOOSE_ROLE_GROUPS }),
      ...evidenceProblems(missing),
    }
    if ('problem' in email || 'problem' in name || !chosen.ok || !evidence)
      return { ok: false, refusal: null, problems }

    const allowance = await invitationAllowance(tx, deps.config, account.id, verdict.now)
    if (allowance.refusal !== null) {
      const { refusal, retryAfterMs } = limitReached(allowance, verdict.now)
      return verdict.refuse(refusal, retryAfterMs)
    }

    const { roleGroups } = chosen
    const by = { actorId: actor.userId, origin }
    if (roleGroups.some(needsApproval)) {
      if (await isTaken(tx, email.email)) return addressTaken(deps, tx, account.id, by)
      const opened = await openApproval(deps, tx, {
        kind: 'invitation',
        clientId: account.id,
        userId: null,
        ...email,
        ...name,
        held: [],
        change: { given: roleGroups, taken: [] },
        ...requesterOf(actor),
        evidence,
        origin,
      })
      return opened.ok ? opened : verdict.refuse(opened.refusal)
    }
    const userId = await invitePerson(
      tx,
      { keys: deps.config.ENCRYPTION_KEYS, clock: deps.clock },
      { ...by, details: evidence },
      { clientId: account.id, ...email, ...name, roleGroups },
    )
    return userId === null
      ? addressTaken(deps, tx, account.id, by)
      : { ok: true, clientId: account.id, userId }
  })
}

/** Recorded, so that probing for addresses is visible. */
async function addressTaken(
  { clock }: Deps,
  tx: Transaction,
  clientId: string,
  by: { actorId: string; origin: Origin },
): Promise<InviteOutcome> {
  const about = { at: clock.now(), action: ACTION, outcome: 'failure', clientId, subjectId: null } as const
  await record(tx, { ...about, ...by, details: { problem: 'address-taken' } })
  return { ok: false, refusal: null, problems: { email: ADDRESS_TAKEN } }
}

function textIn(form: Record<string, unknown>, field: string): string {
  const typed = form[field]
  return typeof typed === 'string' ? typed : ''
}
