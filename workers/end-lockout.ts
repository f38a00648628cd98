import { endLockout } from '../src/lockout/end-lockout.ts'
import type { Job } from './job.ts'

/** Late, early or repeated, it is harmless: a lock ends by comparing its time. */
export const endLockoutJob: Job<'end-lockout'> = (lockout, tx, { clock }) =>
  endLockout(tx, lockout, clock.now())
