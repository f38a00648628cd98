import { z } from 'zod'
import { relationOf } from '../clients/hierarchy.queries.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { readPerson } from '../gate/read-person.ts'
import { readLockout } from '../lockout/lockouts.queries.ts'
import type { Verdict } from './judge.ts'
import { actorOf, targetOf } from './people.ts'
import type { Refusal } from './refusals.ts'
import type { Actor, Target } from './rules.ts'

/** Asks a rule about a user for a page that shows them. What acts asks again, in its transaction (judge.ts). */
export async function viewTarget(
  { db, clock }: Deps,
  viewer: Person,
  targetId: string,
  rule: (actor: Actor, target: Target) => Refusal | null,
): Promise<Verdict> {
  const person = z.uuid().safeParse(targetId).success ? await readPerson(db, targetId) : null
  if (!person) return { allowed: false, refusal: 'unknown' }
  const relation = await relationOf(db, viewer.clientId, person.clientId)
  const passwordLockout = await readLockout(db, { subject: person.id, kind: 'password' })
  const actor = actorOf(viewer)
  const target = targetOf(person, passwordLockout, relation, clock.now())
  const refusal = rule(actor, target)
  return refusal === null
    ? { allowed: true, actor, target, person, actorClientId: viewer.clientId }
    : { allowed: false, refusal }
}
