import { tellOfMfaStart } from '../src/mfa-policy/tell-of-mfa-start.ts'
import type { Job } from './job.ts'

export const tellOfMfaStartJob: Job<'tell-of-mfa-start'> = async (start, tx, { clock }) => {
  await tellOfMfaStart(tx, start, clock.now())
  return null
}
