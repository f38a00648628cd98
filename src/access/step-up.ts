// Whether the last proof is recent enough to administer. Pure.

import type { Proofs } from '../gate/facts.ts'
import { MINUTE } from '../platform/time/durations.ts'

export const STEP_UP_LIFE_MS = 10 * MINUTE

/** Whether the last password, code or step-up is at most 10 minutes old. */
export function hasSteppedUp({ passwordAt, verified, presentAt }: Proofs, now: Date): boolean {
  const lastProof = Math.max(passwordAt, verified?.at ?? 0, presentAt ?? 0)
  return now.getTime() - lastProof <= STEP_UP_LIFE_MS
}
