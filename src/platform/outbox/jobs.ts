// Jobs, their queues and payloads. A payload holds ids, no personal data and no secret. Pure.
import { z } from 'zod'
import { DAY, HOUR, MINUTE } from '../time/durations.ts'

/** Jobs of the outbox: added in the transaction of a change. What a job writes happens once. */
const payloads = {
  'send-notification': z.object({ notificationId: z.string() }),
  'end-lockout': z.object({ subject: z.string(), kind: z.enum(['password', 'code']) }),
  /** The event of the only wrong code in a sign-in. */
  'warn-of-abandoned-sign-in': z.object({ eventId: z.string() }),
  /** The event of a lock that was one of many. */
  'warn-of-locks': z.object({ eventId: z.string() }),
  'complete-mfa-reset': z.object({ mfaResetId: z.string() }),
  'send-reset-digest': z.object({ digestId: z.string() }),
  'remind-of-invitation': z.object({ invitationId: z.string() }),
  'remind-of-mfa': z.object({ clientId: z.string(), eventId: z.string() }),
  'start-mfa-requirement': z.object({ clientId: z.string() }),
  /** `startsAt`: ISO 8601. `after`: the last user of the batch before. */
  'tell-of-mfa-start': z.object({
    clientId: z.string(),
    eventId: z.string(),
    startsAt: z.string(),
    after: z.string().exactOptional(),
  }),
  'import-invitations': z.object({ importId: z.string() }),
  'carry-out-bulk-act': z.object({ bulkActId: z.uuid() }),
  'expire-approval': z.object({ approvalId: z.string() }),
  'tell-application': z.object({ grantId: z.string() }),
  /** `after`: the last user of the batch before. */
  'end-grants': z.object({
    of: z.enum(['application', 'client', 'user']),
    id: z.string(),
    after: z.string().exactOptional(),
  }),
}

export type JobName = keyof typeof payloads
export type JobPayloads = { [Name in JobName]: z.infer<(typeof payloads)[Name]> }

/** Validated when the job runs: another version of the program may have written the row. */
export const JOB_PAYLOADS: { readonly [Name in JobName]: z.ZodType<JobPayloads[Name]> } = payloads

export const QUEUES = ['notifications', 'mfa-resets', 'lockouts', 'applications', 'maintenance'] as const
export type QueueName = (typeof QUEUES)[number]

export const QUEUE_OF: { readonly [Name in JobName]: QueueName } = {
  'send-notification': 'notifications',
  'end-lockout': 'lockouts',
  'warn-of-abandoned-sign-in': 'lockouts',
  'warn-of-locks': 'lockouts',
  'complete-mfa-reset': 'mfa-resets',
  'send-reset-digest': 'mfa-resets',
  'remind-of-invitation': 'notifications',
  'remind-of-mfa': 'notifications',
  'start-mfa-requirement': 'maintenance',
  'tell-of-mfa-start': 'notifications',
  'import-invitations': 'maintenance',
  'carry-out-bulk-act': 'maintenance',
  'expire-approval': 'maintenance',
  'tell-application': 'applications',
  'end-grants': 'applications',
}

export const JOB_NAMES = Object.keys(QUEUE_OF) as JobName[]

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(QUEUE_OF, name)
}

/** Periodic jobs, outside the outbox. Interval in milliseconds. */
export const SCHEDULED_JOBS = {
  'sweep-expired': 5 * MINUTE,
  'warn-of-failures': 5 * MINUTE,
  'seal-audit-events': MINUTE,
  'tell-audit-head': HOUR,
  'rotate-signing-keys': HOUR,
  'remind-who-lacks-mfa': HOUR,
  'remove-history': DAY,
} as const
export const SCHEDULED_QUEUE: QueueName = 'maintenance'

export type ScheduledJobName = keyof typeof SCHEDULED_JOBS
export const SCHEDULED_JOB_NAMES = Object.keys(SCHEDULED_JOBS) as ScheduledJobName[]

export function isScheduledJobName(name: string): name is ScheduledJobName {
  return Object.hasOwn(SCHEDULED_JOBS, name)
}
