import { eq } from 'drizzle-orm'
import { z } from 'zod'
import type { AuditAction } from '../audit/actions.ts'
import { type Origin, record } from '../audit/record.ts'
import { relationOf } from '../clients/hierarchy.queries.ts'
import type { Transaction } from '../db/client.ts'
import { clients } from '../db/schema/clients.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { currentActor } from './current-actor.ts'
import { actorOf } from './people.ts'
import type { Refusal } from './refusals.ts'
import type { AccountTarget, Actor } from './rules.ts'
import { type Account, accountColumns } from './view-account.ts'

/** Who wants to do what, and from where. */
export interface AccountRequest {
  actor: Proofs
  clientId: string
  action: AuditAction
  now: Date
  origin: Origin
}

export type AccountVerdict =
  | { allowed: true; actor: Actor; target: AccountTarget; account: Account; person: Person }
  | { allowed: false; refusal: Refusal }

/**
 * Judges an action on a client account by the rows as they are now: locks the account and the actor, reads them
 * anew and asks the rule. A refusal of a known person is recorded in the actor's account and, where they may
 * look into it, in the other one.
 */
export async function judgeAccount(
  tx: Transaction,
  request: AccountRequest,
  rule: (actor: Actor, account: AccountTarget) => Refusal | null,
): Promise<AccountVerdict> {
  if (!z.uuid().safeParse(request.clientId).success) return { allowed: false, refusal: 'unknown' }
  // The account first: what locks all its people (suspending) holds it too, so neither waits for the other.
  // Not against new users, whose foreign key only needs the account to stay.
  const [account] = await tx
    .select(accountColumns)
    .from(clients)
    .where(eq(clients.id, request.clientId))
    .for('no key update')
  const person = await currentActor(tx, request.actor, request.now)
  if (!account || !person) return { allowed: false, refusal: 'unknown' }

  const relation = await relationOf(tx, person.clientId, account.id)
  const actor = actorOf(person)
  const target = { relation, isPlatform: account.isPlatform, suspended: account.suspendedAt !== null }
  const refusal = rule(actor, target)
  if (refusal === null) return { allowed: true, actor, target, account, person }
  await recordAccountRefusal(tx, request, person, target, refusal)
  return { allowed: false, refusal }
}

/** Records that somebody was refused something on an account; its name is told only where they may look into it. */
export async function recordAccountRefusal(
  tx: Transaction,
  { action, now, origin, clientId }: AccountRequest,
  person: Person,
  { relation }: AccountTarget,
  refusal: Refusal,
): Promise<void> {
  const concerned = relation === 'child' ? [person.clientId, clientId] : [person.clientId]
  for (const concernedId of concerned)
    await record(tx, {
      at: now,
      action,
      outcome: 'refused',
      origin,
      clientId: concernedId,
      actorId: person.id,
      subjectId: null,
      details: { refusal, ...(clientId !== concernedId && { clientId }) },
    })
}
