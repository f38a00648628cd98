import { endGrants } from '../src/applications/end-grants.ts'
import type { Job } from './job.ts'

/** Forged or repeated, it ends no grant that is alive. */
export const endGrantsJob: Job<'end-grants'> = async (payload, tx, deps) => {
  await endGrants(deps, tx, payload)
  return null
}
