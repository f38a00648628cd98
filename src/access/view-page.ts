import type { Deps } from '../deps.ts'
import { actorOf } from './people.ts'
import { ownAccount, recordRefusedVisit } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { Actor } from './rules.ts'
import type { Visit } from './visit.ts'

/** Asks a rule about a page of nobody in particular. A refusal is recorded; null: it opens. */
export async function viewPage(
  deps: Pick<Deps, 'db' | 'clock'>,
  visit: Visit,
  rule: (actor: Actor) => Refusal | null,
): Promise<Refusal | null> {
  const refusal = rule(actorOf(visit.viewer))
  if (refusal) await recordRefusedVisit(deps, visit, ownAccount(visit.viewer), refusal)
  return refusal
}
