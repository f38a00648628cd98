// Sentences about the operation of the product: keys, the audit log itself, jobs. Pure.
import type { SentencesOf } from './event-names.ts'

export const OPERATION_SENTENCES = {
  'encryption-keys.rotated': {
    success: () => 'Stored secrets were sealed with the newest encryption key.',
    failure: () => 'Secrets were sealed with the newest encryption key; some could not be opened.',
  },
  'audit.exported': { success: ({ actor }) => `${actor} exported the audit log.` },
  'audit.taken-over': {
    success: () => 'From here on the audit log is sealed with a key, which covers what was sealed before.',
  },
  'audit.head-sent': { success: () => 'The head of the audit log was sent to the operators.' },
  'signing-keys.rotated': { success: () => 'New signing keys were made for applications.' },
  'queue.job-retried': {
    success: ({ actor }) => `${actor} retried failed jobs.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} retry failed jobs.`,
  },
  'queue.job-promoted': {
    success: ({ actor }) => `${actor} ran a delayed job at once.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} run a delayed job at once.`,
  },
  'queue.job-removed': {
    success: ({ actor }) => `${actor} removed a job from its queue.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} remove a job from its queue.`,
  },
  'queue.failed-work-retried': {
    success: ({ actor }) => `${actor} retried everything that had been given up.`,
    refused: ({ actor, mayNot }) => `${actor} ${mayNot} retry what had been given up.`,
  },
} as const satisfies SentencesOf
