import type { AuditAction } from '../audit/actions.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import type { Refusal } from './refusals.ts'
import type { Relation } from './rules.ts'

export interface RefusedAct {
  action: AuditAction
  now: Date
  origin: Origin
  actor: { id: string; clientId: string }
  /** The account it concerned, as it lies to the actor's own. */
  clientId: string
  relation: Relation
  subjectId: string | null
  refusal: Refusal
}

/** Records a refusal in the actor's account and in the one that it concerned, if that lies below. */
export async function recordRefusal(tx: Transaction, refused: RefusedAct): Promise<void> {
  const { action, now, origin, actor, relation, subjectId, refusal } = refused
  const concerned = relation === 'child' ? [actor.clientId, refused.clientId] : [actor.clientId]
  // An account that was asked for is named. To whose account a person belongs is none of the actor's business.
  const named = (clientId: string) => subjectId === null && clientId !== refused.clientId
  for (const clientId of concerned)
    await record(tx, {
      at: now,
      action,
      outcome: 'refused',
      origin,
      clientId,
      actorId: actor.id,
      subjectId,
      details: { refusal, ...(named(clientId) && { clientId: refused.clientId }) },
    })
}
