import { eq } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { LockedPerson } from '../gate/hold-session.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { users } from '../platform/db/schema/users.ts'
import { currentActor } from './current-actor.ts'
import { relationOf } from './hierarchy.queries.ts'
import { accountTargetOf, actorOf } from './people.ts'
import { recordRefusal } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { AccountTarget, Actor } from './rules.ts'
import { type Account, accountColumns } from './view-account.ts'

/** Who wants to do what, and from where. */
export interface AccountRequest {
  actor: ActingSession
  clientId: string
  action: AuditAction
  origin: Origin
}

export type AccountVerdict =
  | {
      allowed: true
      actor: Actor
      target: AccountTarget
      account: Account
      /** The time after the locks: of all that the act writes. Times in the audit log follow the order of commits. */
      now: Date
      /** For a further rule, about what was typed: records what it refuses. */
      recordRefusal: (refusal: Refusal) => Promise<void>
    }
  /** `recorded`: not where a job goes on for a person who has been stopped. */
  | { allowed: false; refusal: Refusal; recorded: boolean }

type AccountRule = (actor: Actor, target: AccountTarget) => Refusal | null

const SIGNED_OUT = { allowed: false, refusal: 'signed-out', recorded: true } as const
const STOPPED = { allowed: false, refusal: 'unknown', recorded: false } as const

/**
 * Judges an act that changes a client account by the rows as they are now: locks the account, the actor and their
 * session, reads them anew and asks the rule. A refusal of a known person is recorded in the actor's account and in the other one if
 * it lies below.
 */
export async function judgeAccount(
  deps: Pick<Deps, 'clock'>,
  tx: Transaction,
  request: AccountRequest,
  rule: AccountRule,
): Promise<AccountVerdict> {
  const { actor, clientId } = request
  // The account first: what locks all its people (suspending) holds it too, so neither waits for the other.
  // Not against new users, whose foreign key only needs the account to stay.
  const [account] = await tx
    .select(accountColumns)
    .from(clients)
    .where(eq(clients.id, isUuid(clientId) ? clientId : NIL))
    .for('no key update')
  const current = await currentActor(deps, tx, actor, request)
  return current ? decide(tx, request, { account, ...current }, rule) : SIGNED_OUT
}

/**
 * The same for an act that only adds to an account: it locks the actor alone, so that people are invited side by
 * side. `actor` an id: for a job that goes on with what they began in a session of then.
 */
export async function judgeWithinAccount(
  deps: Pick<Deps, 'clock'>,
  tx: Transaction,
  request: Omit<AccountRequest, 'actor'> & { actor: ActingSession | string },
  rule: AccountRule,
): Promise<AccountVerdict> {
  const { actor, clientId } = request
  const isJob = typeof actor === 'string'
  const current = isJob ? await stillActive(deps, tx, actor) : await currentActor(deps, tx, actor, request)
  if (!current) return isJob ? STOPPED : SIGNED_OUT
  const [account] = await tx
    .select(accountColumns)
    .from(clients)
    .where(eq(clients.id, isUuid(clientId) ? clientId : NIL))
  return decide(tx, request, { account, ...current }, rule)
}

async function decide(
  tx: Transaction,
  { action, origin, clientId }: Omit<AccountRequest, 'actor'>,
  { account, person, now }: LockedPerson & { account: Account | undefined },
  rule: AccountRule,
): Promise<AccountVerdict> {
  const relation = account ? await relationOf(tx, person.clientId, account.id) : 'elsewhere'
  const about = { action, now, origin, actor: person, clientId, relation, subjectId: null }
  const onRecord = (refusal: Refusal) => recordRefusal(tx, { ...about, refusal })
  if (!account) {
    await onRecord('unknown')
    return { allowed: false, refusal: 'unknown', recorded: true }
  }

  const actor = actorOf(person)
  const target = accountTargetOf(account, relation)
  const refusal = rule(actor, target)
  if (refusal === null) return { allowed: true, actor, target, account, now, recordRefusal: onRecord }
  await onRecord(refusal)
  return { allowed: false, refusal, recorded: true }
}

/** Who began it, unless they or their account were stopped since. */
async function stillActive(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  userId: string,
): Promise<LockedPerson | null> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update')
  const person = await readPerson(tx, userId)
  const isActive = person?.status === 'active' && !person.clientSuspended
  return isActive ? { person, now: clock.now() } : null
}
