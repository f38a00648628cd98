import { completeMfaReset } from '../src/mfa-reset/complete-mfa-reset.ts'
import type { Job } from './job.ts'

/** What follows a reset that was requested and is in the database. Forged or repeated, it changes nothing. */
export const completeMfaResetJob: Job<'complete-mfa-reset'> = async ({ mfaResetId }, tx, { clock }) => {
  await completeMfaReset(tx, mfaResetId, clock.now())
  return null
}
