import { judgeActor } from '../access/judge.ts'
import { mayOperate } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { currentDeadline, withoutDeadline } from '../platform/db/deadline.ts'

export interface Operation {
  actor: ActingSession
  origin: Origin
}

type OperatorAction = Extract<AuditAction, `queue.${string}`>

/** Runs an operator's command in one transaction; `recordIt` records it in the operator's account. */
export function asOperator<Result>(
  deps: Pick<Deps, 'db' | 'clock'>,
  { actor, origin, action }: Operation & { action: OperatorAction },
  act: (tx: Transaction, recordIt: (details: Record<string, unknown>) => Promise<unknown>) => Promise<Result>,
): Promise<Result | 'not-allowed'> {
  const deadline = currentDeadline()
  // The change at the queue engine cannot be undone, so its record commits also after the time of the request.
  return withoutDeadline(() =>
    deps.db.transaction(async (tx) => {
      const verdict = await judgeActor(deps, tx, { actor, origin, action }, mayOperate)
      if (!verdict.ok) return 'not-allowed'
      deadline?.check()
      const { now: at, person } = verdict
      const { id: actorId, clientId } = person
      return act(tx, (details) =>
        record(tx, { at, action, outcome: 'success', origin, clientId, actorId, subjectId: null, details }),
      )
    }),
  )
}
