import type { Deps } from '../deps.ts'
import { factsOf, type Person, type Proofs } from './facts.ts'
import { readPerson } from './read-person.ts'
import { stageOf } from './stages.ts'

/**
 * Asks the gate anew for whoever is still being answered: what takes long must not outlive what let them in. Null:
 * they are signed in no longer.
 */
export async function stillSignedIn(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  proofs: Proofs,
): Promise<Person | null> {
  const person = await readPerson(db, proofs.userId)
  return person && stageOf(factsOf(proofs, person, clock.now())).name === 'signed-in' ? person : null
}
