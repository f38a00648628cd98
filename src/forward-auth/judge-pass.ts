// Whether a pass opens an application. Pure.
import { type Admission, type EntryRefusal, mayEnter } from '../applications/entry.ts'
import { factsOf, type Person, type Proofs } from '../gate/facts.ts'
import { stageOf } from '../gate/stages.ts'

/** 'sign-in': the gate must first sign the person in, or demand MFA. */
export type Judgement =
  | { verdict: 'enter'; person: Person; proofs: Proofs }
  | { verdict: 'sign-in' }
  | { verdict: 'refused'; person: Person; refusal: Exclude<EntryRefusal, 'mfa'> }

export function judgePass(
  { proofs, person, admission }: { proofs: Proofs | undefined; person: Person | null; admission: Admission },
  now: Date,
): Judgement {
  const facts = factsOf(proofs, person, now)
  if (!proofs || !person || stageOf(facts).name !== 'signed-in') return { verdict: 'sign-in' }
  const refusal = mayEnter({ roleGroups: person.roleGroups, codeProven: facts.codeProven }, admission)
  if (refusal === null) return { verdict: 'enter', person, proofs }
  return refusal === 'mfa' ? { verdict: 'sign-in' } : { verdict: 'refused', person, refusal }
}
