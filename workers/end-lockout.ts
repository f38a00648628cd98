import { endLockout } from '../src/lockout/end-lockout.ts'
import type { Job } from './job.ts'

/** Clears a lock whose time is over. It ended by comparison anyway: late, early or repeated, nothing changes. */
export const endLockoutJob: Job<'end-lockout'> = (lockout, tx, { clock }) =>
  endLockout(tx, lockout, clock.now())
