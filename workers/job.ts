import type { WorkerConfig } from '../src/config.ts'
import type { Deps } from '../src/deps.ts'
import type { Transaction } from '../src/platform/db/client.ts'
import type { Mailer } from '../src/platform/mail/mailer.ts'
import type { JobName, JobPayloads } from '../src/platform/outbox/jobs.ts'

export type JobDeps = Pick<Deps, 'db' | 'clock' | 'log'> & { config: WorkerConfig; mailer: Mailer }

/** Safe to run twice. Returns when to run again if it is too early, else null. Throws to be retried. */
export type Job<Name extends JobName> = (
  payload: JobPayloads[Name],
  tx: Transaction,
  deps: JobDeps,
) => Promise<{ again: Date } | null>

/** Not retried: the job waits for an operator. The message must not name a person. */
export class HopelessJobError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'HopelessJobError'
  }
}
