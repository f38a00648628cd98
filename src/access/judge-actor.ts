import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { LockedPerson } from '../gate/hold-session.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { currentActor } from './current-actor.ts'
import { actorOf } from './people.ts'
import { ownAccount, recordRefusal } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { Actor } from './rules.ts'

export interface ActorRequest {
  actor: ActingSession
  action: AuditAction
  origin: Origin
  /** The id that was asked for, where the act names one. */
  asked?: string
}

export type ActorVerdict = ({ allowed: true } & LockedPerson) | { allowed: false; refusal: Refusal }

/**
 * Judges an act that concerns neither a user nor an account that is there: locks the actor and their session, reads them
 * anew and asks the rule. A refusal is recorded in the actor's account.
 */
export async function judgeActor(
  deps: Pick<Deps, 'clock'>,
  tx: Transaction,
  { actor, ...about }: ActorRequest,
  rule: (actor: Actor) => Refusal | null,
): Promise<ActorVerdict> {
  const current = await currentActor(deps, tx, actor, about)
  if (!current) return { allowed: false, refusal: 'signed-out' }
  const { person, now } = current
  const refusal = rule(actorOf(person))
  if (refusal === null) return { allowed: true, person, now }
  await recordRefusal(tx, { ...about, ...ownAccount(person), now, actor: person, refusal })
  return { allowed: false, refusal }
}

/** Refuses an act on something that is not there, or not the actor's: recorded with what was asked for. */
export async function refuseUnknown(
  deps: Pick<Deps, 'clock'>,
  tx: Transaction,
  request: ActorRequest & { asked: string },
): Promise<Refusal> {
  const verdict = await judgeActor(deps, tx, request, () => 'unknown')
  return verdict.allowed ? 'unknown' : verdict.refusal
}
