import { warnOfLocks } from '../src/users/warn-of-locks.ts'
import type { Job } from './job.ts'

export const warnOfLocksJob: Job<'warn-of-locks'> = async ({ eventId }, tx, { clock }) => {
  await warnOfLocks(tx, eventId, clock.now())
  return null
}
