import type { ActOutcome } from '../access/act-outcome.ts'
import { readEvidence } from '../access/evidence.ts'
import { judge } from '../access/judge.ts'
import { mayUnlock } from '../access/rules.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Deps } from '../deps.ts'
import type { Proofs } from '../gate/facts.ts'
import { notify } from '../notifications/notify.ts'
import { changeLockout } from './change-lockout.ts'
import { readLockout } from './lockouts.queries.ts'
import { endLock, lockInForce } from './policy.ts'

const KINDS = ['password', 'code'] as const

export type UnlockOutcome = ActOutcome<{ clientId: string }>

/** Lifts the locks of a user early, by the same permissions as a reset. The repeats stay counted. */
export async function liftLockout(
  deps: Deps,
  request: { actor: Proofs; targetId: string; form: unknown; origin: Origin },
): Promise<UnlockOutcome> {
  return deps.db.transaction(async (tx): Promise<UnlockOutcome> => {
    const now = deps.clock.now()
    const { actor, targetId, origin, form } = request
    const verdict = await judge(tx, { actor, targetId, action: 'lockout.lifted', now, origin }, mayUnlock)
    if (!verdict.allowed) return { ok: false, refusal: verdict.refusal }
    const { evidence, missing } = readEvidence(verdict.actor, form, { adminsSayWhy: true })
    if (!evidence) return { ok: false, refusal: null, missing }

    const { id, clientId } = verdict.targetPerson
    for (const kind of KINDS) {
      const key = { subject: id, kind }
      if (!lockInForce(await readLockout(tx, key), now)) continue
      await changeLockout(tx, key, now, endLock)
      const eventId = await record(tx, {
        at: now,
        action: 'lockout.lifted',
        outcome: 'success',
        origin,
        clientId,
        actorId: actor.userId,
        subjectId: id,
        details: { kind, ...evidence },
      })
      await notify(tx, { to: id, kind: 'lockout-lifted', eventId, facts: { kind } })
    }
    return { ok: true, clientId }
  })
}
