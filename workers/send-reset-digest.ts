import { sendResetDigest } from '../src/mfa-reset/reset-digest.ts'
import type { Job } from './job.ts'

export const sendResetDigestJob: Job<'send-reset-digest'> = ({ digestId }, tx, { clock }) =>
  sendResetDigest(tx, digestId, clock.now())
