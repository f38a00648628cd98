import { sendResetDigest } from '../src/mfa-reset/reset-digest.ts'
import type { Job } from './job.ts'

/** Tells the Admins of an account of many resets in one mail. Forged, early or repeated, it does no harm. */
export const sendResetDigestJob: Job<'send-reset-digest'> = ({ digestId }, tx, { clock }) =>
  sendResetDigest(tx, digestId, clock.now())
