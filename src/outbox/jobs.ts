// Every job there is: its queue, and the ids it carries. Nothing personal and no secret travels in a job.

export interface JobPayloads {
  /** Sends one owed mail. */
  'send-notification': { notificationId: string }
  /** Clears a lock whose time is over, records it and tells the user. */
  'end-lockout': { subject: string; kind: 'password' | 'code' }
  /** Removes what has expired: sessions, pending secrets, counts, finished outbox rows. */
  'sweep-expired': Record<string, never>
}

export type JobName = keyof JobPayloads

export const QUEUE_OF: { readonly [Name in JobName]: QueueName } = {
  'send-notification': 'notifications',
  'end-lockout': 'lockouts',
  'sweep-expired': 'maintenance',
}

export const QUEUES = ['notifications', 'lockouts', 'maintenance'] as const
export type QueueName = (typeof QUEUES)[number]
