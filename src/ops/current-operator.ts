import { currentActor } from '../access/current-actor.ts'
import { actorOf } from '../access/people.ts'
import { mayOperate } from '../access/rules.ts'
import type { Transaction } from '../db/client.ts'
import type { Person, Proofs } from '../gate/facts.ts'

/** The operator who acts, as they are now. Null for whoever is none any more: to them there is nothing to act on. */
export async function currentOperator(tx: Transaction, proofs: Proofs, now: Date): Promise<Person | null> {
  const person = await currentActor(tx, proofs, now)
  return person && mayOperate(actorOf(person)) === null ? person : null
}
