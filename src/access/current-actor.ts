import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { preparedOnce } from '../db/prepared-once.ts'
import { users } from '../db/schema/users.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { readPerson } from '../gate/read-person.ts'
import { isSignedIn } from '../gate/stages.ts'

/**
 * Who acts, as they are now: locks their row, reads it anew and asks the gate's own table. Null for whoever is
 * not signed in any more.
 */
export async function currentActor(tx: Transaction, proofs: Proofs, now: Date): Promise<Person | null> {
  const { userId } = proofs
  // Sent together, done one after the other: what is read is seen once the lock is held.
  const [, person] = await Promise.all([lockActor(tx).execute({ userId }), readPerson(tx, userId)])
  return person && isSignedIn(proofs, person, now) ? person : null
}

const lockActor = preparedOnce((tx: Transaction) =>
  tx
    .select({ id: users.id })
    .from(users)
    .where(eq(users.id, sql.placeholder('userId')))
    .for('no key update')
    .prepare('lock_actor'),
)
