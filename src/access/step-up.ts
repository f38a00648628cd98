// Whether somebody who administers has lately proven to be there. Pure.

import type { Proofs } from '../gate/facts.ts'
import { MINUTE } from '../platform/time/durations.ts'

/** How long a proof is good for: resetting, unlocking and the like ask again after it. */
export const STEP_UP_LIFE_MS = 10 * MINUTE

/** Whether the last proof of any kind (password, code, step-up) is at most 10 minutes old. */
export function hasSteppedUp({ passwordAt, verified, presentAt }: Proofs, now: Date): boolean {
  const lastProof = Math.max(passwordAt, verified?.at ?? 0, presentAt ?? 0)
  return now.getTime() - lastProof <= STEP_UP_LIFE_MS
}
