// Every job there is: its queue, and the ids it carries. Nothing personal and no secret travels in a job. Pure.
import { z } from 'zod'
import { HOUR, MINUTE } from '../time/durations.ts'

/** Jobs that a change owes: enqueued in its transaction, done exactly once. */
const payloads = {
  /** Sends one owed mail. */
  'send-notification': z.object({ notificationId: z.string() }),
  /** Clears a lock whose time is over, records it and tells the user. */
  'end-lockout': z.object({ subject: z.string(), kind: z.enum(['password', 'code']) }),
  /** Carries out what may follow a reset: shreds the secret, tells who must know, completes it. */
  'complete-mfa-reset': z.object({ mfaResetId: z.string() }),
  /** Tells the Admins of an account in one mail of resets that came by the dozen. */
  'send-reset-digest': z.object({ digestId: z.string() }),
  /** Reminds of an invitation a day before it ends. */
  'remind-of-invitation': z.object({ invitationId: z.string() }),
  /** Invites the next people of a file that was confirmed. */
  'import-invitations': z.object({ importId: z.string() }),
  /** Marks a case as expired that no second person has decided in time. */
  'expire-approval': z.object({ approvalId: z.string() }),
}

export type JobName = keyof typeof payloads
export type JobPayloads = { [Name in JobName]: z.infer<(typeof payloads)[Name]> }

/** What a payload must be when the job runs: its row may be of another version of this program. */
export const JOB_PAYLOADS: { readonly [Name in JobName]: z.ZodType<JobPayloads[Name]> } = payloads

export const QUEUES = ['notifications', 'mfa-resets', 'lockouts', 'maintenance'] as const
export type QueueName = (typeof QUEUES)[number]

export const QUEUE_OF: { readonly [Name in JobName]: QueueName } = {
  'send-notification': 'notifications',
  'end-lockout': 'lockouts',
  'complete-mfa-reset': 'mfa-resets',
  'send-reset-digest': 'mfa-resets',
  'remind-of-invitation': 'notifications',
  'import-invitations': 'maintenance',
  'expire-approval': 'maintenance',
}

export const JOB_NAMES = Object.keys(QUEUE_OF) as JobName[]

/** Whether this process knows the job: a row may have been written by a newer one. */
export function isJobName(name: string): name is JobName {
  return Object.hasOwn(QUEUE_OF, name)
}

/** Jobs that the clock starts, owed by nothing, with the milliseconds between two runs. */
export const SCHEDULED_JOBS = {
  /** Removes what has expired. */
  'sweep-expired': 5 * MINUTE,
  /** Seals what the audit log has that is new. */
  'seal-audit-events': MINUTE,
  /** Mails the head of the audit log to the operators; the first run of a day does. */
  'tell-audit-head': HOUR,
} as const
export const SCHEDULED_QUEUE: QueueName = 'maintenance'

export type ScheduledJobName = keyof typeof SCHEDULED_JOBS
export const SCHEDULED_JOB_NAMES = Object.keys(SCHEDULED_JOBS) as ScheduledJobName[]

/** Whether the clock starts this job; if not, the outbox owes it. */
export function isScheduledJobName(name: string): name is ScheduledJobName {
  return Object.hasOwn(SCHEDULED_JOBS, name)
}
