import { eq } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { users } from '../db/schema/users.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { readPerson } from '../gate/read-person.ts'
import { isSignedIn } from '../gate/stages.ts'

/**
 * Who acts, as they are now: locks their row, reads it anew and asks the gate's own table. Null for whoever is
 * not signed in any more.
 */
export async function currentActor(tx: Transaction, proofs: Proofs, now: Date): Promise<Person | null> {
  await tx
    .select({ id: users.id })
    .from(users)
    .where(eq(users.id, proofs.userId))
    .for('no key update')
    .prepare('lock_actor')
    .execute()
  const person = await readPerson(tx, proofs.userId)
  return person && isSignedIn(proofs, person, now) ? person : null
}
