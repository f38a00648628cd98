import { remindOfMfa } from '../src/mfa-policy/remind-of-mfa.ts'
import type { Job } from './job.ts'

export const remindOfMfaJob: Job<'remind-of-mfa'> = async (reminder, tx, { clock }) => {
  await remindOfMfa(tx, reminder, clock.now())
  return null
}
