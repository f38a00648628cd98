import { asc, inArray, sql } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import { isLive, lockSession } from '../gate/hold-session.ts'
import { isSignedIn } from '../gate/stages.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { users } from '../platform/db/schema/users.ts'
import { recordSignedOut } from './current-actor.ts'
import { relationOf } from './hierarchy.queries.ts'
import { readTies } from './makers.queries.ts'
import { actorOf, targetOf } from './people.ts'
import { readPeople } from './read-people.queries.ts'
import { concerning, recordRefusal, unseen } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { Actor, Target } from './rules.ts'

export type Verdict =
  | {
      allowed: true
      actor: Actor
      target: Target
      targetPerson: Person
      /** The time after the locks: of all that the act writes. Times in the audit log follow the order of commits. */
      now: Date
      /** For a further rule, about what was typed: records what it refuses. */
      recordRefusal: (refusal: Refusal) => Promise<void>
    }
  | { allowed: false; refusal: Refusal }

/**
 * Judges an action on a user by the rows as they are now: locks both people and the actor's session, reads them anew
 * and asks the rule, so that an Admin demoted or a user promoted a moment ago is judged as what they are. A refusal of a
 * known person is recorded in the actor's account and in the target's if that lies below; an id of nobody looks there
 * like that of a person whom the actor may not see.
 */
export async function judge(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  request: { actor: ActingSession; targetId: string; action: AuditAction; origin: Origin },
  rule: (actor: Actor, target: Target) => Refusal | null,
): Promise<Verdict> {
  const { actor: session, action, origin } = request
  const targetId = isUuid(request.targetId) ? request.targetId : NIL
  const { userId: actorId } = session
  // Sent together, done one after the other: what is read is seen once the locks are held.
  const [, sessions, people] = await Promise.all([
    lockPeople(tx).execute({ actorId, targetId }),
    lockSession(tx, session),
    readPeople(tx, [actorId, targetId]),
  ])
  const now = clock.now()
  const actorPerson = people.get(actorId)?.person
  const { person: targetPerson, passwordLockedUntil = null } = people.get(targetId) ?? {}
  if (!actorPerson || !isLive(sessions, now) || !isSignedIn(session, actorPerson, now)) {
    await recordSignedOut({ clock }, tx, session, { action, origin, asked: request.targetId })
    return { allowed: false, refusal: 'signed-out' }
  }
  const about = { action, origin, now, actor: actorPerson }
  if (!targetPerson) {
    await recordRefusal(tx, { ...about, ...unseen(actorPerson, request.targetId), refusal: 'unknown' })
    return { allowed: false, refusal: 'unknown' }
  }

  const relation = await relationOf(tx, actorPerson.clientId, targetPerson.clientId)
  const actor = actorOf(actorPerson)
  const ties = await readTies(tx, actorId, [targetPerson], now)
  const target = targetOf(targetPerson, passwordLockedUntil, { relation, ties }, now)
  const onRecord = (refusal: Refusal) =>
    recordRefusal(tx, { ...about, ...concerning(actorPerson, targetPerson, relation, refusal), refusal })
  const refusal = rule(actor, target)
  if (refusal === null) return { allowed: true, actor, target, targetPerson, now, recordRefusal: onRecord }
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
