import { asc, inArray, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { AuditAction } from '../audit/actions.ts'
import type { Origin } from '../audit/record.ts'
import { relationOf } from '../clients/hierarchy.queries.ts'
import type { Transaction } from '../db/client.ts'
import { preparedOnce } from '../db/prepared-once.ts'
import { users } from '../db/schema/users.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { isSignedIn } from '../gate/stages.ts'
import { actorOf, targetOf } from './people.ts'
import { readPeople } from './read-people.queries.ts'
import { recordRefusal } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { Actor, Target } from './rules.ts'

export type Verdict =
  | {
      allowed: true
      actor: Actor
      target: Target
      targetPerson: Person
      /** For a further rule, about what was typed: records what it refuses. */
      recordRefusal: (refusal: Refusal) => Promise<void>
    }
  | { allowed: false; refusal: Refusal }

/**
 * Judges an action on a user by the rows as they are now: locks both people, reads them anew and asks the
 * rule, so that an Admin demoted or a user promoted a moment ago is judged as what they are. A refusal of a
 * known person is recorded in the actor's account and in the target's if that lies below.
 */
export async function judge(
  tx: Transaction,
  request: { actor: Proofs; targetId: string; action: AuditAction; now: Date; origin: Origin },
  rule: (actor: Actor, target: Target) => Refusal | null,
): Promise<Verdict> {
  const { targetId, now } = request
  if (!isUuid(targetId)) return { allowed: false, refusal: 'unknown' }
  const { userId: actorId } = request.actor
  // Sent together, done one after the other: what is read is seen once the locks are held.
  const [, people] = await Promise.all([
    lockPeople(tx).execute({ actorId, targetId }),
    readPeople(tx, [actorId, targetId]),
  ])
  const actorPerson = people.get(actorId)?.person
  const { person: targetPerson, passwordLockout } = people.get(targetId) ?? {}
  if (!actorPerson || !isSignedIn(request.actor, actorPerson, now))
    return { allowed: false, refusal: 'unknown' }
  if (!targetPerson || !passwordLockout) return { allowed: false, refusal: 'unknown' }

  const relation = await relationOf(tx, actorPerson.clientId, targetPerson.clientId)
  const actor = actorOf(actorPerson)
  const target = targetOf(targetPerson, passwordLockout, relation, now)
  const { clientId, id: subjectId } = targetPerson
  const about = { ...request, actor: actorPerson, clientId, relation, subjectId }
  const onRecord = (refusal: Refusal) => recordRefusal(tx, { ...about, refusal })
  const refusal = rule(actor, target)
  if (refusal === null) return { allowed: true, actor, target, targetPerson, recordRefusal: onRecord }
  await onRecord(refusal)
  return { allowed: false, refusal }
}

/** In the order of their ids, so that two people who act on each other do not wait for one another. */
const lockPeople = preparedOnce((tx: Transaction) =>
  tx
    .select({ id: users.id })
    .from(users)
    .where(inArray(users.id, [sql.placeholder('actorId'), sql.placeholder('targetId')]))
    .orderBy(asc(users.id))
    .for('no key update')
    .prepare('lock_people'),
)
