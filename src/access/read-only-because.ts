import { REFUSALS } from './refusals.ts'
import { type Actor, mayChangeWithin, type Relation } from './rules.ts'

/** What a page says at its top to somebody who may look and change nothing; null: they may do more. */
export function readOnlyBecause(actor: Actor, relation: Relation): string | null {
  const refusal = mayChangeWithin(actor, relation)
  return refusal && REFUSALS[refusal].sentence
}
