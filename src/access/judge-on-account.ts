import { eq } from 'drizzle-orm'
import { z } from 'zod'
import type { AuditAction } from '../audit/actions.ts'
import type { Origin } from '../audit/record.ts'
import { relationOf } from '../clients/hierarchy.queries.ts'
import type { Transaction } from '../db/client.ts'
import { clients } from '../db/schema/clients.ts'
import { users } from '../db/schema/users.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { readPerson } from '../gate/read-person.ts'
import { currentActor } from './current-actor.ts'
import { actorOf } from './people.ts'
import { recordRefusal } from './record-refusal.ts'
import type { Refusal } from './refusals.ts'
import type { Actor, Relation } from './rules.ts'

export type JudgedAccount = { id: string; name: string; isPlatform: boolean }

export type AccountVerdict =
  | { allowed: true; actor: Actor; person: Person; relation: Relation; account: JudgedAccount }
  | { allowed: false; refusal: Refusal }

/**
 * Judges an act within a client account by the rows as they are now, as judge.ts does for one on a user. Without an
 * id it is the actor's own. `actor` an id: for a job that goes on with what they began in a session of then.
 */
export async function judgeOnAccount(
  tx: Transaction,
  request: {
    actor: Proofs | string
    clientId?: string | undefined
    action: AuditAction
    now: Date
    origin: Origin
  },
  rule: (actor: Actor, relation: Relation) => Refusal | null,
): Promise<AccountVerdict> {
  const { actor: who, now } = request
  const person = typeof who === 'string' ? await stillActive(tx, who) : await currentActor(tx, who, now)
  if (!person) return { allowed: false, refusal: 'unknown' }

  const clientId = request.clientId ?? person.clientId
  if (!z.uuid().safeParse(clientId).success) return { allowed: false, refusal: 'unknown' }
  const [account] = await tx
    .select({ id: clients.id, name: clients.name, isPlatform: clients.isPlatform })
    .from(clients)
    .where(eq(clients.id, clientId))
  if (!account) return { allowed: false, refusal: 'unknown' }

  const relation = await relationOf(tx, person.clientId, account.id)
  const actor = actorOf(person)
  const refusal = rule(actor, relation)
  if (refusal === null) return { allowed: true, actor, person, relation, account }
  await recordRefusal(tx, {
    ...request,
    actor: person,
    clientId: account.id,
    relation,
    subjectId: null,
    refusal,
  })
  return { allowed: false, refusal }
}

/** Who began it, unless they or their account were stopped since. */
async function stillActive(tx: Transaction, userId: string): Promise<Person | null> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update')
  const person = await readPerson(tx, userId)
  return person?.status === 'active' && !person.clientSuspended ? person : null
}
