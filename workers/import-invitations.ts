import { importInvitations } from '../src/invitations/import-invitations.ts'
import type { Job } from './job.ts'

/** Invites the next people of a file that somebody has confirmed, a batch at a time: forged or repeated, nobody twice. */
export const importInvitationsJob: Job<'import-invitations'> = async ({ importId }, tx, deps) => {
  await importInvitations(deps, tx, importId)
  return null
}
