import { currentActor } from '../access/current-actor.ts'
import { actorOf } from '../access/people.ts'
import { mayOperate } from '../access/rules.ts'
import type { AuditAction } from '../audit/actions.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import type { Proofs } from '../gate/facts.ts'

export interface Operation {
  actor: Proofs
  origin: Origin
}

/**
 * Does what an operator asks for in one transaction, by the rows as they are now: 'not-allowed', and nothing is done,
 * for whoever is no operator any more. `act` gets what puts it on record, in the operator's own account.
 */
export function asOperator<Result>(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { actor, origin }: Operation,
  act: (
    tx: Transaction,
    recordIt: (action: AuditAction, details: Record<string, unknown>) => Promise<unknown>,
  ) => Promise<Result>,
): Promise<Result | 'not-allowed'> {
  return db.transaction(async (tx) => {
    const at = clock.now()
    const operator = await currentActor(tx, actor, at)
    if (!operator || mayOperate(actorOf(operator))) return 'not-allowed'
    const { id: actorId, clientId } = operator
    return act(tx, (action, details) =>
      record(tx, { at, action, outcome: 'success', origin, clientId, actorId, subjectId: null, details }),
    )
  })
}
