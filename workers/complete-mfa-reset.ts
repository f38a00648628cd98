import { completeMfaReset } from '../src/mfa-reset/complete-mfa-reset.ts'
import type { Job } from './job.ts'

/** Forged or repeated, it changes nothing: the row of the reset decides. */
export const completeMfaResetJob: Job<'complete-mfa-reset'> = async ({ mfaResetId }, tx, { clock }) => {
  await completeMfaReset(tx, mfaResetId, clock.now())
  return null
}
