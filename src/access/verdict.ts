import type { Person } from '../gate/facts.ts'
import type { Reader } from '../platform/db/client.ts'
import { type Account, accountById } from './accounts.queries.ts'
import { relationOf } from './hierarchy.queries.ts'
import { readTies } from './makers.queries.ts'
import type { Ties } from './makers.ts'
import type { Refused } from './outcome.ts'
import { accountTargetOf, actorOf, targetOf } from './people.ts'
import { readPersonToJudge } from './person-to-judge.queries.ts'
import { type Concerned, concerning, ownAccount, unseen } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { AccountTarget, Actor, Relation, Target } from './rules.ts'

/** A person who acts or opens a page. `record` writes down a refusal. */
export interface Asking {
  db: Reader
  person: Person
  now: Date
  record: (concerned: Concerned, refusal: Refusal) => Promise<void>
}

/** What a rule allowed. `refuse`: for a further rule; it records the refusal. */
export interface Allowed {
  ok: true
  person: Person
  actor: Actor
  now: Date
  refuse: (refusal: Refusal, retryAfterMs?: number) => Promise<Refused>
}
export type Verdict<Facts = unknown> = (Allowed & Facts) | Refused
export type UserVerdict = Verdict<{ target: Target; targetPerson: Person; ties: Ties }>
export type AccountVerdict = Verdict<{ account: Account; relation: Relation; target: AccountTarget }>

/** Asks a rule that concerns no other user and no account. */
export function decide(asking: Asking, rule: (actor: Actor) => Refusal | null): Promise<Verdict> {
  const { person, record } = asking
  return conclude(asking, rule(actorOf(person)), {}, (refusal) => record(ownAccount(person), refusal))
}

/** Asks a rule about a user. An id that no user has looks like that of a user whom the actor may not see. */
export async function decideOnUser(
  asking: Asking,
  targetId: string,
  rule: (actor: Actor, target: Target) => Refusal | null,
): Promise<UserVerdict> {
  const { db, person, now, record } = asking
  const found = await readPersonToJudge(db, targetId)
  if (!found) {
    await record(unseen(person, targetId), 'unknown')
    return { ok: false, refusal: 'unknown' }
  }
  const { person: targetPerson, passwordLockedUntil } = found
  const relation = await relationOf(db, person.clientId, targetPerson.clientId)
  const ties = await readTies(db, person.id, [targetPerson], now)
  const target = targetOf(targetPerson, passwordLockedUntil, { relation, ties }, now)
  return conclude(asking, rule(actorOf(person), target), { target, targetPerson, ties }, (refusal) =>
    record(concerning(person, targetPerson, relation, refusal), refusal),
  )
}

/** Asks a rule about a client account. */
export async function decideOnAccount(
  asking: Asking,
  clientId: string,
  rule: (actor: Actor, target: AccountTarget) => Refusal | null,
): Promise<AccountVerdict> {
  const { db, person, record } = asking
  const [account] = await accountById(db, clientId)
  if (!account) {
    await record({ clientId, relation: 'elsewhere', subjectId: null }, 'unknown')
    return { ok: false, refusal: 'unknown' }
  }
  const relation = await relationOf(db, person.clientId, account.id)
  const target = accountTargetOf(account, relation)
  return conclude(asking, rule(actorOf(person), target), { account, relation, target }, (refusal) =>
    record({ clientId, relation, subjectId: null }, refusal),
  )
}

async function conclude<Facts>(
  { person, now }: Asking,
  refusal: Refusal | null,
  facts: Facts,
  record: (refusal: Refusal) => Promise<void>,
): Promise<Verdict<Facts>> {
  const refuse = async (because: Refusal, retryAfterMs?: number): Promise<Refused> => {
    await record(because)
    return { ok: false, refusal: because, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  }
  return refusal ? refuse(refusal) : { ok: true, person, actor: actorOf(person), now, refuse, ...facts }
}
