import { startMfaRequirement } from '../src/mfa-policy/start-mfa-requirement.ts'
import type { Job } from './job.ts'

/** Late, early or repeated, it is harmless: the gate compares the time itself. */
export const startMfaRequirementJob: Job<'start-mfa-requirement'> = ({ clientId }, tx, { clock }) =>
  startMfaRequirement(tx, clientId, clock)
