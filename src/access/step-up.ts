// Whether the last proof is recent enough to administer. Pure.

import type { Proofs } from '../gate/facts.ts'
import { MINUTE } from '../platform/time/durations.ts'

export const STEP_UP_LIFE_MS = 10 * MINUTE

/** Whether the last password, code or step-up is at most 10 minutes old. */
export function hasSteppedUp(proofs: Proofs, now: Date): boolean {
  return now.getTime() - lastProofAt(proofs) <= STEP_UP_LIFE_MS
}

/** When the person last gave the password or a code. */
export function lastProofAt({
  passwordAt,
  verified,
  presentAt,
}: Pick<Proofs, 'passwordAt' | 'verified' | 'presentAt'>): number {
  return Math.max(passwordAt, verified?.at ?? 0, presentAt ?? 0)
}
