import type { JobName, ScheduledJobName } from '../src/platform/outbox/jobs.ts'
import { carryOutBulkActJob } from './carry-out-bulk-act.ts'
import { completeMfaResetJob } from './complete-mfa-reset.ts'
import { endGrantsJob } from './end-grants.ts'
import { endLockoutJob } from './end-lockout.ts'
import { expireApprovalJob } from './expire-approval.ts'
import { importInvitationsJob } from './import-invitations.ts'
import type { Job, JobDeps } from './job.ts'
import { remindOfInvitationJob } from './remind-of-invitation.ts'
import { remindOfMfaJob } from './remind-of-mfa.ts'
import { remindWhoLacksMfaJob } from './remind-who-lacks-mfa.ts'
import { removeHistory } from './remove-history.ts'
import { rotateSigningKeysWhenDue } from './rotate-signing-keys.ts'
import { sealAuditEvents } from './seal-audit-events.ts'
import { sendNotification } from './send-notification.ts'
import { sendResetDigestJob } from './send-reset-digest.ts'
import { startMfaRequirementJob } from './start-mfa-requirement.ts'
import { sweepExpired } from './sweep-expired.ts'
import { tellApplicationJob } from './tell-application.ts'
import { tellAuditHead } from './tell-audit-head.ts'
import { tellOfMfaStartJob } from './tell-of-mfa-start.ts'
import { warnOfAbandonedSignInJob } from './warn-of-abandoned-sign-in.ts'
import { warnOfFailuresJob } from './warn-of-failures.ts'
import { warnOfLocksJob } from './warn-of-locks.ts'

export const JOBS: { readonly [Name in JobName]: Job<Name> } = {
  'send-notification': sendNotification,
  'end-lockout': endLockoutJob,
  'warn-of-abandoned-sign-in': warnOfAbandonedSignInJob,
  'warn-of-locks': warnOfLocksJob,
  'complete-mfa-reset': completeMfaResetJob,
  'send-reset-digest': sendResetDigestJob,
  'remind-of-invitation': remindOfInvitationJob,
  'remind-of-mfa': remindOfMfaJob,
  'start-mfa-requirement': startMfaRequirementJob,
  'tell-of-mfa-start': tellOfMfaStartJob,
  'import-invitations': importInvitationsJob,
  'carry-out-bulk-act': carryOutBulkActJob,
  'expire-approval': expireApprovalJob,
  'tell-application': tellApplicationJob,
  'end-grants': endGrantsJob,
}

export const SCHEDULED: { readonly [Name in ScheduledJobName]: (deps: JobDeps) => Promise<void> } = {
  'sweep-expired': sweepExpired,
  'warn-of-failures': warnOfFailuresJob,
  'seal-audit-events': sealAuditEvents,
  'tell-audit-head': tellAuditHead,
  'rotate-signing-keys': rotateSigningKeysWhenDue,
  'remind-who-lacks-mfa': remindWhoLacksMfaJob,
  'remove-history': removeHistory,
}
