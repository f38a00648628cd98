import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { AuditEntry, Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { ActOutcome } from './act-outcome.ts'
import { type Evidence, readEvidence } from './evidence.ts'
import { judge } from './judge.ts'
import type { Refusal } from './refusals.ts'
import type { Actor, Target } from './rules.ts'

export interface UserRequest {
  actor: ActingSession
  targetId: string
  form: unknown
  origin: Origin
}

export type UserOutcome = ActOutcome<{ clientId: string }>

/** `retryAfterMs`: how long it holds, if that is known. */
export interface LimitReached {
  refusal: Refusal
  retryAfterMs?: number
}

interface UserAct {
  action: AuditAction
  rule: (actor: Actor, target: Target) => Refusal | null
  /** An Admin, too, has to give a reason. */
  adminsSayWhy: boolean
  /** A limit of the account that may be reached; null if it is not. */
  limit?: (tx: Transaction, person: Person, now: Date) => Promise<LimitReached | null>
  /** Does it and records it: `event` is what the audit log is to keep of it. */
  carryOut: (tx: Transaction, person: Person, event: AuditEntry & { details: Evidence }) => Promise<void>
}

/** What an Admin or the Service Desk does to a user: judged, done and recorded in one transaction. */
export function actOnUser(
  deps: Deps,
  { actor, targetId, form, origin }: UserRequest,
  { action, rule, adminsSayWhy, limit, carryOut }: UserAct,
): Promise<UserOutcome> {
  return deps.db.transaction(async (tx): Promise<UserOutcome> => {
    const verdict = await judge(deps, tx, { actor, targetId, action, origin }, rule)
    if (!verdict.allowed) return { ok: false, refusal: verdict.refusal }
    const { evidence, missing } = readEvidence(verdict.actor, form, { adminsSayWhy })
    if (!evidence) return { ok: false, refusal: null, missing }

    const reached = await limit?.(tx, verdict.targetPerson, verdict.now)
    if (reached) {
      await verdict.recordRefusal(reached.refusal)
      return { ok: false, ...reached }
    }

    const { id, clientId } = verdict.targetPerson
    await carryOut(tx, verdict.targetPerson, {
      at: verdict.now,
      action,
      outcome: 'success',
      origin,
      clientId,
      actorId: actor.userId,
      subjectId: id,
      details: evidence,
    })
    return { ok: true, clientId }
  })
}
