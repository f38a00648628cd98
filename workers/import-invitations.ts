import type { Job } from './job.ts'
export const importInvitationsJob: Job<'import-invitations'> = async () => null
