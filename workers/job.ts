// What a job is to this process: a function of its payload, in the transaction that marks it done.

import type { WorkerConfig } from '../src/config.ts'
import type { Deps } from '../src/deps.ts'
import type { Transaction } from '../src/platform/db/client.ts'
import type { Mailer } from '../src/platform/mail/mailer.ts'
import type { JobName, JobPayloads } from '../src/platform/outbox/jobs.ts'

export type JobDeps = Pick<Deps, 'db' | 'clock' | 'log'> & { config: WorkerConfig; mailer: Mailer }

/**
 * Does one thing and is safe to run twice; what it writes commits together with the mark that it is done.
 * Returns when to run again if it is too early, else null. It throws to be retried.
 */
export type Job<Name extends JobName> = (
  payload: JobPayloads[Name],
  tx: Transaction,
  deps: JobDeps,
) => Promise<{ again: Date } | null>

/** Thrown by a job that no retry can help: it waits for an operator. The message names nobody. */
export class HopelessJobError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'HopelessJobError'
  }
}
