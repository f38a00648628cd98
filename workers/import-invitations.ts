import { importInvitations } from '../src/invitations/import-invitations.ts'
import type { Job } from './job.ts'

/** Forged or repeated, it invites no person twice. */
export const importInvitationsJob: Job<'import-invitations'> = async ({ importId }, tx, deps) => {
  await importInvitations(deps, tx, importId)
  return null
}
