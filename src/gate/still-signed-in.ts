import type { Deps } from '../deps.ts'
import type { Person, Proofs } from './facts.ts'
import { readPerson } from './read-person.ts'
import { isSignedIn } from './stages.ts'

/**
 * Asks the gate anew for whoever is still being answered: what takes long must not outlive what let them in. Null:
 * they are signed in no longer.
 */
export async function stillSignedIn(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  proofs: Proofs,
): Promise<Person | null> {
  const person = await readPerson(db, proofs.userId)
  return person && isSignedIn(proofs, person, clock.now()) ? person : null
}
