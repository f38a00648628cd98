import type { ActRequest } from '../access/act-request.ts'
import { adminsOf } from '../access/admins.queries.ts'
import { type EvidenceField, readDeskEvidence } from '../access/evidence.ts'
import { judgeAccount } from '../access/judge.ts'
import type { Missing, Outcome } from '../access/outcome.ts'
import { mayLoosenPolicy, mayTightenPolicy } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { readPolicy, requirementsOf } from './mfa-policy.queries.ts'
import {
  areKnown,
  changesNothing,
  loosens,
  type PolicyChange,
  policyChange,
  restarted,
} from './policy-change.ts'
import { readPolicyForm, readStart } from './policy-form.ts'
import { savePolicy } from './save-policy.ts'

export type PolicyOutcome = Outcome<object, Missing<EvidenceField | 'roleGroups' | 'startsAt'>>

/**
 * Sets the role groups for which a client account requires MFA, and from when. Its Admins may only add, or move a start
 * forward; the Service Desk may also remove and postpone. Open sessions follow at their next request, because the gate
 * reads the policy anew.
 */
export async function requireMfaFor(
  deps: Deps,
  request: ActRequest & { clientId: string; timeZone: string },
): Promise<PolicyOutcome> {
  return deps.db.transaction(async (tx): Promise<PolicyOutcome> => {
    const { actor, clientId, origin, form, timeZone } = request
    const wanted = readPolicyForm(form)
    const about = { actor, action: 'mfa-policy.changed', clientId, origin } as const
    const verdict = await judgeAccount(deps, tx, about, mayTightenPolicy)
    if (!verdict.ok) return verdict

    const { now } = verdict
    const policy = await readPolicy(tx, verdict.account)
    if (!areKnown(policy, wanted.roleGroups)) return { ok: false, refusal: null, missing: ['roleGroups'] }
    const start = readStart(wanted.startsAt, { now, timeZone })
    if (!start.ok) return { ok: false, refusal: null, missing: ['startsAt'] }
    const { startsAt } = start
    const change = policyChange(requirementsOf(policy), { ...wanted, startsAt }, now)
    const refusal = loosens(change) ? mayLoosenPolicy(verdict.actor, verdict.target) : null
    if (refusal) return verdict.refuse(refusal)
    const { evidence, missing } = readDeskEvidence(verdict.actor, form)
    if (!evidence) return { ok: false, refusal: null, missing }
    if (changesNothing(change)) return { ok: true }

    await savePolicy(tx, { clientId, policy, change, startsAt }, now)
    const eventId = await record(tx, {
      at: now,
      action: 'mfa-policy.changed',
      outcome: 'success',
      origin,
      clientId,
      actorId: actor.userId,
      subjectId: null,
      details: { ...detailsOf(change, startsAt), ...evidence },
    })
    await announce(tx, { clientId, eventId, policy, change, startsAt })
    return { ok: true }
  })
}

/** The start is that of `added` and of `moved`; it is left out for at once. */
function detailsOf({ added, earlier, later, removed }: PolicyChange, startsAt: Date | null) {
  const moved = [...earlier, ...later]
  return {
    added,
    removed,
    ...(moved.length > 0 && { moved }),
    ...(startsAt && added.length + moved.length > 0 && { startsAt: startsAt.toISOString() }),
  }
}

interface Announced {
  clientId: string
  eventId: string
  policy: readonly { key: string; name: string }[]
  change: PolicyChange
  startsAt: Date | null
}

async function announce(
  tx: Transaction,
  { clientId, eventId, policy, change, startsAt }: Announced,
): Promise<void> {
  if (restarted(change).length > 0) {
    if (startsAt) {
      await enqueue(tx, 'start-mfa-requirement', { clientId }, startsAt)
      await enqueue(tx, 'tell-of-mfa-start', { clientId, eventId, startsAt: startsAt.toISOString() })
    } else await enqueue(tx, 'end-grants', { of: 'client', id: clientId })
  }
  const names = (keys: readonly string[]) =>
    policy.flatMap(({ key, name }) => (keys.includes(key) ? [name] : [])).join(', ')
  const { added, removed, moved = [], ...start } = detailsOf(change, startsAt)
  const facts = {
    added: names(added),
    removed: names(removed),
    ...(moved.length > 0 && { moved: names(moved) }),
    ...start,
  }
  const mails = (await adminsOf(tx, clientId)).map(
    (to) => ({ to, kind: 'mfa-policy-changed', eventId, facts }) as const,
  )
  await notifyAll(tx, mails)
}
