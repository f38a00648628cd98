import { validate as isUuid } from 'uuid'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { relationOf } from './hierarchy.queries.ts'
import { readTies } from './makers.queries.ts'
import { actorOf, targetOf } from './people.ts'
import { readPeople } from './read-people.queries.ts'
import { concerning, recordRefusedVisit, unseen } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { Actor, Target } from './rules.ts'
import type { Visit } from './visit.ts'

export type TargetView =
  | { allowed: true; actor: Actor; target: Target; targetPerson: Person }
  | { allowed: false; refusal: Refusal }

/**
 * Asks a rule about a user for a page that shows them, and records a refusal. What acts asks again, in its transaction
 * (judge.ts).
 */
export async function viewTarget(
  deps: Deps,
  visit: Visit,
  targetId: string,
  rule: (actor: Actor, target: Target) => Refusal | null,
): Promise<TargetView> {
  const { db, clock } = deps
  const { viewer } = visit
  const found = isUuid(targetId) ? (await readPeople(db, [viewer.id, targetId])).get(targetId) : undefined
  if (!found) {
    await recordRefusedVisit(deps, visit, unseen(viewer, targetId), 'unknown')
    return { allowed: false, refusal: 'unknown' }
  }
  const { person: targetPerson, passwordLockedUntil } = found
  const relation = await relationOf(db, viewer.clientId, targetPerson.clientId)
  const actor = actorOf(viewer)
  const now = clock.now()
  const ties = await readTies(db, viewer.id, [targetPerson], now)
  const target = targetOf(targetPerson, passwordLockedUntil, { relation, ties }, now)
  const refusal = rule(actor, target)
  if (refusal === null) return { allowed: true, actor, target, targetPerson }

  await recordRefusedVisit(deps, visit, concerning(viewer, targetPerson, relation, refusal), refusal)
  return { allowed: false, refusal }
}
