import { warnOfAbandonedSignIn } from '../src/mfa/warn-of-wrong-code.ts'
import type { Job } from './job.ts'

export const warnOfAbandonedSignInJob: Job<'warn-of-abandoned-sign-in'> = ({ eventId }, tx, { clock }) =>
  warnOfAbandonedSignIn(tx, eventId, clock.now())
