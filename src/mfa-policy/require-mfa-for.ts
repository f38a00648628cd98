import { and, eq, inArray } from 'drizzle-orm'
import type { ActRequest } from '../access/act-request.ts'
import { adminsOf } from '../access/admins.queries.ts'
import { type EvidenceField, readDeskEvidence } from '../access/evidence.ts'
import { judgeAccount } from '../access/judge.ts'
import type { Missing, Outcome } from '../access/outcome.ts'
import { mayLoosenPolicy, mayTightenPolicy } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { record } from '../platform/audit/record.ts'
import { mfaPolicies } from '../platform/db/schema/role-groups.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { readRequirements, requiredKeys } from './mfa-policy.queries.ts'
import { policyChange } from './policy-change.ts'
import { readPolicyForm } from './policy-form.ts'

export type PolicyOutcome = Outcome<object, Missing<EvidenceField | 'roleGroups'>>

/**
 * Sets the role groups for which a client account requires MFA. Its Admins may only add; the Service Desk may also
 * remove. Open sessions follow at their next request, because the gate reads the policy anew.
 */
export async function requireMfaFor(
  deps: Deps,
  request: ActRequest & { clientId: string },
): Promise<PolicyOutcome> {
  return deps.db.transaction(async (tx): Promise<PolicyOutcome> => {
    const { actor, clientId, origin, form } = request
    const wanted = readPolicyForm(form)
    const about = { actor, action: 'mfa-policy.changed', clientId, origin } as const
    const verdict = await judgeAccount(deps, tx, about, mayTightenPolicy)
    if (!verdict.ok) return verdict

    const { now } = verdict
    const requirements = await readRequirements(tx, verdict.account)
    const known = requirements.map(({ key }) => key)
    if (!wanted.roleGroups.every((key) => known.includes(key)))
      return { ok: false, refusal: null, missing: ['roleGroups'] }
    const change = policyChange(requiredKeys(requirements), wanted.roleGroups, wanted.basedOn)
    const loosens = change.removed.length > 0
    const refusal = loosens ? mayLoosenPolicy(verdict.actor, verdict.target) : null
    if (refusal) return verdict.refuse(refusal)
    const { evidence, missing } = readDeskEvidence(verdict.actor, form)
    if (!evidence) return { ok: false, refusal: null, missing }
    if (change.added.length === 0 && !loosens) return { ok: true }

    const chosen = (keys: readonly string[]) => requirements.filter(({ key }) => keys.includes(key))
    const added = chosen(change.added)
    const removed = chosen(change.removed)
    if (added.length > 0)
      await tx
        .insert(mfaPolicies)
        .values(added.map(({ id }) => ({ clientId, roleGroupId: id, createdAt: now })))
    if (removed.length > 0)
      await tx.delete(mfaPolicies).where(
        and(
          eq(mfaPolicies.clientId, clientId),
          inArray(
            mfaPolicies.roleGroupId,
            removed.map(({ id }) => id),
          ),
        ),
      )
    const eventId = await record(tx, {
      at: now,
      action: 'mfa-policy.changed',
      outcome: 'success',
      origin,
      clientId,
      actorId: actor.userId,
      subjectId: null,
      details: { added: change.added, removed: change.removed, ...evidence },
    })
    if (added.length > 0) await enqueue(tx, 'end-grants', { of: 'client', id: clientId })
    const names = (groups: typeof added) => groups.map(({ name }) => name).join(', ')
    const facts = { added: names(added), removed: names(removed) }
    const kind = 'mfa-policy-changed'
    const mails = (await adminsOf(tx, clientId)).map((to) => ({ to, kind, eventId, facts }) as const)
    await notifyAll(tx, mails)
    return { ok: true }
  })
}
