// Whether a pass opens an application. Pure.
import { type Admission, type EntryRefusal, mayEnterNow } from '../applications/may-enter.ts'
import type { Person, Proofs } from '../gate/facts.ts'

/** 'sign-in': the gate must first sign the person in, or demand MFA. */
export type Judgement =
  | { verdict: 'enter'; person: Person; proofs: Proofs }
  | { verdict: 'sign-in' }
  | { verdict: 'refused'; person: Person; refusal: Exclude<EntryRefusal, 'mfa'> }

export function judgePass(
  { proofs, person, admission }: { proofs: Proofs | undefined; person: Person | null; admission: Admission },
  now: Date,
): Judgement {
  const refusal = mayEnterNow(proofs, person, admission, now)
  if (!proofs || !person || refusal === 'signed-out' || refusal === 'mfa') return { verdict: 'sign-in' }
  return refusal === null ? { verdict: 'enter', person, proofs } : { verdict: 'refused', person, refusal }
}
