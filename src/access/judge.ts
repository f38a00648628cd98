import { asc, inArray } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { type HeldPerson, holdSession } from '../gate/hold-session.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import { isSignedIn } from '../gate/stages.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { accountById } from './accounts.queries.ts'
import type { Refused } from './outcome.ts'
import { ownAccount, recordRefusal } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { AccountTarget, Actor, Target } from './rules.ts'
import {
  type AccountVerdict,
  type Asking,
  decide,
  decideOnAccount,
  decideOnUser,
  type UserVerdict,
  type Verdict,
} from './verdict.ts'

type Time = Pick<Deps, 'clock'>

/** An act as the audit log names it. `asked`: the id from the request, if it may be an unknown one. */
interface Act {
  action: AuditAction
  origin: Origin
  asked?: string
}
type ActorRequest = Act & { actor: ActingSession }
type AccountRequest = ActorRequest & { clientId: string }
type AccountRule = (actor: Actor, target: AccountTarget) => Refusal | null

const SIGNED_OUT: Refused = { ok: false, refusal: 'signed-out' }

/** Locks the actor and their session, and asks the gate again. Null, and recorded, if they are not signed in. */
export async function currentActor(
  deps: Time,
  tx: Transaction,
  session: ActingSession,
  act: Act,
): Promise<HeldPerson | null> {
  const held = await holdSession(deps, tx, session)
  if (held && isSignedIn(session, held.person, held.now)) return held
  const actor = await readPerson(tx, session.userId)
  const now = deps.clock.now()
  if (actor) await recordRefusal(tx, { ...act, ...ownAccount(actor), now, actor, refusal: 'signed-out' })
  return null
}

/** Judges an act that concerns no other user and no account: locks the actor, then asks the rule. */
export function judgeActor(
  deps: Time,
  tx: Transaction,
  request: ActorRequest,
  rule: (actor: Actor) => Refusal | null,
): Promise<Verdict> {
  return judgeSession(deps, tx, request, (asking) => decide(asking, rule))
}

/** Judges an act on a user by the rows as they are now: locks both people and the session, then asks the rule. */
export async function judge(
  deps: Time,
  tx: Transaction,
  { targetId, ...request }: ActorRequest & { targetId: string },
  rule: (actor: Actor, target: Target) => Refusal | null,
): Promise<UserVerdict> {
  await lockPeople(tx, [request.actor.userId, targetId])
  return judgeSession(deps, tx, { ...request, asked: targetId }, (asking) =>
    decideOnUser(asking, targetId, rule),
  )
}

/** Judges an act that changes a client account: locks the account, the actor and the session, then asks the rule. */
export async function judgeAccount(
  deps: Time,
  tx: Transaction,
  request: AccountRequest,
  rule: AccountRule,
): Promise<AccountVerdict> {
  // The account comes first: suspending locks its users while it holds the account. New users need not wait.
  await accountById(tx, request.clientId).for('no key update')
  return judgeWithinAccount(deps, tx, request, rule)
}

/** For an act that only adds to an account: locks the actor alone, so that invitations do not wait for each other. */
export function judgeWithinAccount(
  deps: Time,
  tx: Transaction,
  { clientId, ...request }: AccountRequest,
  rule: AccountRule,
): Promise<AccountVerdict> {
  return judgeSession(deps, tx, request, (asking) => decideOnAccount(asking, clientId, rule))
}

/** The same for a job that a user began. Null, and not recorded, if they or their account were stopped since. */
export async function judgeJobWithinAccount(
  { clock }: Time,
  tx: Transaction,
  { userId, clientId, ...act }: Act & { userId: string; clientId: string },
  rule: AccountRule,
): Promise<AccountVerdict | null> {
  await lockPeople(tx, [userId])
  const person = await readPerson(tx, userId)
  if (person?.status !== 'active' || person.clientSuspended) return null
  return decideOnAccount(asking(tx, act, { person, now: clock.now() }), clientId, rule)
}

/** Refuses an act on an id that is unknown to the actor. */
export async function refuseUnknown(
  deps: Time,
  tx: Transaction,
  { actor: session, ...act }: ActorRequest & { asked: string },
): Promise<Refused> {
  const current = await currentActor(deps, tx, session, act)
  if (!current) return SIGNED_OUT
  const { person: actor, now } = current
  await recordRefusal(tx, { ...act, ...ownAccount(actor), now, actor, refusal: 'unknown' })
  return { ok: false, refusal: 'unknown' }
}

async function judgeSession<Judged extends Verdict>(
  deps: Time,
  tx: Transaction,
  { actor, ...act }: ActorRequest,
  decision: (asking: Asking) => Promise<Judged>,
): Promise<Judged | Refused> {
  const current = await currentActor(deps, tx, actor, act)
  return current ? decision(asking(tx, act, current)) : SIGNED_OUT
}

function asking(tx: Transaction, { action, origin }: Act, { person, now }: HeldPerson): Asking {
  const about = { action, origin, now, actor: person }
  return {
    db: tx,
    person,
    now,
    record: (concerned, refusal) => recordRefusal(tx, { ...about, ...concerned, refusal }),
  }
}

/** In the order of their ids, so that two people who act on each other do not deadlock. */
async function lockPeople(tx: Transaction, ids: readonly string[]): Promise<void> {
  const known = ids.map((id) => (isUuid(id) ? id : NIL))
  await tx
    .select({ id: users.id })
    .from(users)
    .where(inArray(users.id, known))
    .orderBy(asc(users.id))
    .for('no key update')
}
