import { and, eq, inArray } from 'drizzle-orm'
import { deskEvidence, EVIDENCE_FIELDS, type EvidenceField } from '../access/evidence.ts'
import { type AccountRequest, judgeAccount, recordAccountRefusal } from '../access/judge-account.ts'
import type { Refusal } from '../access/refusals.ts'
import { mayLoosenPolicy, mayTightenPolicy } from '../access/rules.ts'
import { type Origin, record } from '../audit/record.ts'
import { mfaPolicies } from '../db/schema/role-groups.ts'
import type { Deps } from '../deps.ts'
import type { Proofs } from '../gate/facts.ts'
import { wrongFields } from '../http/typed-text.ts'
import { notifyAll } from '../notifications/notify.ts'
import { adminsOf } from '../users/admins.queries.ts'
import { policyChange } from './policy-change.ts'
import type { PolicyForm } from './policy-form.ts'
import { readRequirements, requiredKeys } from './requirements.queries.ts'

export type PolicyOutcome =
  | { ok: true }
  | { ok: false; refusal: Refusal }
  /** Allowed, but a role group is not one of the account's. */
  | { ok: false; refusal: null; unknownRoleGroup: true }
  /** Allowed, but the Service Desk has not said why. */
  | { ok: false; refusal: null; unknownRoleGroup: false; wrong: EvidenceField[] }

/**
 * Sets the role groups for which a client account requires MFA. Its Admins may only add; the Service Desk may
 * also take out. Open sessions need no word of it: the gate reads the policy at their next request.
 */
export async function requireMfaFor(
  deps: Deps,
  request: { actor: Proofs; clientId: string; form: PolicyForm; evidence: unknown; origin: Origin },
): Promise<PolicyOutcome> {
  return deps.db.transaction(async (tx): Promise<PolicyOutcome> => {
    const now = deps.clock.now()
    const { actor, clientId, origin, form } = request
    const asked: AccountRequest = { actor, clientId, action: 'mfa-policy.changed', now, origin }
    const verdict = await judgeAccount(tx, asked, mayTightenPolicy)
    if (!verdict.allowed) return { ok: false, refusal: verdict.refusal }

    const requirements = await readRequirements(tx, verdict.account)
    const known = requirements.map(({ key }) => key)
    if (!form.roleGroups.every((key) => known.includes(key)))
      return { ok: false, refusal: null, unknownRoleGroup: true }
    const change = policyChange(requiredKeys(requirements), form.roleGroups, form.basedOn)
    const loosens = change.removed.length > 0
    const refusal = loosens ? mayLoosenPolicy(verdict.actor, verdict.target) : null
    if (refusal) {
      await recordAccountRefusal(tx, asked, verdict.person, verdict.target, refusal)
      return { ok: false, refusal }
    }
    const evidence = verdict.actor.isServiceDesk ? deskEvidence.safeParse(request.evidence) : null
    if (evidence && !evidence.success)
      return {
        ok: false,
        refusal: null,
        unknownRoleGroup: false,
        wrong: wrongFields(evidence.error, EVIDENCE_FIELDS),
      }
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
      details: { added: change.added, removed: change.removed, ...evidence?.data },
    })
    const names = (groups: typeof added) => groups.map(({ name }) => name).join(', ')
    const facts = { added: names(added), removed: names(removed) }
    const kind = 'mfa-policy-changed'
    const mails = (await adminsOf(tx, clientId)).map((to) => ({ to, kind, eventId, facts }) as const)
    await notifyAll(tx, mails)
    return { ok: true }
  })
}
