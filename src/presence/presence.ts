// Whether somebody who administers has lately proven to be there. Pure.

import type { Proofs } from '../gate/facts.ts'
import { MINUTE } from '../time/durations.ts'

/** How long a proof is good for: resetting, unlocking and the like ask again after it. */
export const PRESENCE_LIFE_MS = 10 * MINUTE

/** Whether the last proof of any kind (password, code, presence) is at most 10 minutes old. */
export function isPresent({ passwordAt, verified, presentAt }: Proofs, now: Date): boolean {
  const lastProof = Math.max(passwordAt, verified?.at ?? 0, presentAt ?? 0)
  return now.getTime() - lastProof <= PRESENCE_LIFE_MS
}
