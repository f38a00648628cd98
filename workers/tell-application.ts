import { SlowCalls } from '../src/applications/slow-calls.ts'
import { tellApplication } from '../src/applications/tell-application.ts'
import type { Job } from './job.ts'

const calls = new SlowCalls()

/** Forged, it ends nothing. Repeated, it tells once, unless the process dies before its commit. */
export const tellApplicationJob: Job<'tell-application'> = async ({ grantId }, tx, deps) => {
  await tellApplication(deps, tx, grantId, calls)
  return null
}
