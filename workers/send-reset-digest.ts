import { sendResetDigest } from '../src/mfa-reset/reset-digest.ts'
import type { Job } from './job.ts'

/** Forged, early or repeated, it is harmless. */
export const sendResetDigestJob: Job<'send-reset-digest'> = ({ digestId }, tx, { clock }) =>
  sendResetDigest(tx, digestId, clock.now())
