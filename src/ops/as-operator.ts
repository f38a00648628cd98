import { currentActor } from '../access/current-actor.ts'
import { actorOf } from '../access/people.ts'
import { mayOperate } from '../access/rules.ts'
import type { AuditAction } from '../audit/actions.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'

export interface Operation {
  actor: ActingSession
  origin: Origin
}

/**
 * Does what an operator asks for in one transaction, by the rows as they are now: 'not-allowed', and nothing is done,
 * for whoever is no operator any more. `act` gets what puts it on record, in the operator's own account.
 */
export function asOperator<Result>(
  deps: Pick<Deps, 'db' | 'clock'>,
  { actor, origin }: Operation,
  act: (
    tx: Transaction,
    recordIt: (action: AuditAction, details: Record<string, unknown>) => Promise<unknown>,
  ) => Promise<Result>,
): Promise<Result | 'not-allowed'> {
  return deps.db.transaction(async (tx) => {
    const current = await currentActor(deps, tx, actor)
    if (!current || mayOperate(actorOf(current.person))) return 'not-allowed'
    const { now: at, person } = current
    const { id: actorId, clientId } = person
    return act(tx, (action, details) =>
      record(tx, { at, action, outcome: 'success', origin, clientId, actorId, subjectId: null, details }),
    )
  })
}
