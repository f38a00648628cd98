import { eq } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { users } from '../db/schema/users.ts'
import type { Person, Proofs } from '../gate/facts.ts'
import { readPerson } from '../gate/read-person.ts'

/**
 * Who acts, as they are now: locks their row and reads it anew. Null for whoever lost the session or the
 * account while the request was under way: they act no more.
 */
export async function currentActor(tx: Transaction, { userId, epoch }: Proofs): Promise<Person | null> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update')
  const person = await readPerson(tx, userId)
  const stillIn = person?.sessionEpoch === epoch && person.status === 'active' && !person.clientSuspended
  return stillIn ? person : null
}
