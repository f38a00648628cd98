import type { JobName } from '../src/outbox/jobs.ts'
import { completeMfaResetJob } from './complete-mfa-reset.ts'
import { endLockoutJob } from './end-lockout.ts'
import { importInvitationsJob } from './import-invitations.ts'
import type { Job } from './job.ts'
import { remindOfInvitationJob } from './remind-of-invitation.ts'
import { sendNotification } from './send-notification.ts'

export const JOBS: { readonly [Name in JobName]: Job<Name> } = {
  'send-notification': sendNotification,
  'end-lockout': endLockoutJob,
  'complete-mfa-reset': completeMfaResetJob,
  'remind-of-invitation': remindOfInvitationJob,
  'import-invitations': importInvitationsJob,
}
