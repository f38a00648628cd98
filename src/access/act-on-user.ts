import type { Person } from '../gate/facts.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { AuditEntry } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { ActDeps, ActRequest } from './act-request.ts'
import type { Evidence, EvidenceField, ReadEvidence } from './evidence.ts'
import { judge } from './judge.ts'
import type { Missing, Outcome, Refused } from './outcome.ts'
import type { Refusal } from './refusals.ts'
import type { Actor, Target } from './rules.ts'

export type UserRequest = ActRequest & { targetId: string }
export type UserOutcome<Field = EvidenceField> = Outcome<{ clientId: string }, Missing<Field>>

interface UserAct<Given extends Evidence, Field> {
  action: AuditAction
  rule: (actor: Actor, target: Target) => Refusal | null
  readEvidence: (actor: Actor, form: unknown) => ReadEvidence<Given, Field>
  /** Null unless a limit of the account is reached. */
  limit?: (tx: Transaction, person: Person, now: Date) => Promise<Omit<Refused, 'ok'> | null>
  /** Writes, records `event` and enqueues. */
  carryOut: (
    tx: Transaction,
    person: Person,
    event: AuditEntry & { clientId: string; actorId: string; details: Given },
  ) => Promise<void>
}

/** What an Admin or the Service Desk does to a user, in one transaction: lock, judge, write, record, enqueue. */
export function actOnUser<Given extends Evidence, Field = EvidenceField>(
  deps: ActDeps,
  { actor, targetId, form, origin }: UserRequest,
  { action, rule, readEvidence, limit, carryOut }: UserAct<Given, Field>,
): Promise<UserOutcome<Field>> {
  return deps.db.transaction(async (tx): Promise<UserOutcome<Field>> => {
    const verdict = await judge(deps, tx, { actor, targetId, action, origin }, rule)
    if (!verdict.ok) return verdict
    const { evidence, missing } = readEvidence(verdict.actor, form)
    if (!evidence) return { ok: false, refusal: null, missing }

    const { targetPerson: person } = verdict
    const reached = await limit?.(tx, person, verdict.now)
    if (reached) return verdict.refuse(reached.refusal, reached.retryAfterMs)
    // The limit may have waited for a lock.
    const at = deps.clock.now()

    const { id: subjectId, clientId } = person
    const about = { at, origin, clientId, actorId: actor.userId, subjectId }
    await carryOut(tx, person, { ...about, action, outcome: 'success', details: evidence })
    return { ok: true, clientId }
  })
}
