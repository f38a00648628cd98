import { validate as isUuid } from 'uuid'
import { relationOf } from '../clients/hierarchy.queries.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { readPerson } from '../gate/read-person.ts'
import { readLockout } from '../lockout/lockouts.queries.ts'
import { actorOf, targetOf } from './people.ts'
import type { Refusal } from './refusals.ts'
import type { Actor, Target } from './rules.ts'

export type TargetView =
  | { allowed: true; actor: Actor; target: Target; targetPerson: Person }
  | { allowed: false; refusal: Refusal }

/** Asks a rule about a user for a page that shows them. What acts asks again, in its transaction (judge.ts). */
export async function viewTarget(
  { db, clock }: Deps,
  viewer: Person,
  targetId: string,
  rule: (actor: Actor, target: Target) => Refusal | null,
): Promise<TargetView> {
  const targetPerson = isUuid(targetId) ? await readPerson(db, targetId) : null
  if (!targetPerson) return { allowed: false, refusal: 'unknown' }
  const relation = await relationOf(db, viewer.clientId, targetPerson.clientId)
  const passwordLockout = await readLockout(db, { subject: targetPerson.id, kind: 'password' })
  const actor = actorOf(viewer)
  const target = targetOf(targetPerson, passwordLockout, relation, clock.now())
  const refusal = rule(actor, target)
  return refusal === null ? { allowed: true, actor, target, targetPerson } : { allowed: false, refusal }
}
