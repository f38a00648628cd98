import { REFUSALS } from './refusals.ts'
import type { Actor, Relation } from './rules.ts'

/** What a page says at its top to somebody who may look and change nothing; null: they may do more. */
export function readOnlyBecause(actor: Actor, relation: Relation): string | null {
  return relation === 'child' && !actor.isServiceDesk ? REFUSALS['parents-only-look'].sentence : null
}
