import type { Job as QueuedJob } from 'bullmq'
import { openMailer } from '../src/platform/mail/mailer.ts'
import type { WorkOptions } from '../src/platform/outbox/backend.ts'
import { isScheduledJobName, QUEUES, type QueueName } from '../src/platform/outbox/jobs.ts'
import { type EngineOptions, openQueueEngine, type QueueEngine } from '../src/platform/outbox/queues.ts'
import { SECOND } from '../src/platform/time/durations.ts'
import { SCHEDULED } from './all-jobs.ts'
import type { JobDeps } from './job.ts'
import { type RelayOptions, relayOutbox } from './relay-outbox.ts'
import { retryDelay } from './retry-delay.ts'
import { runJob } from './run-job.ts'
import { scheduleJobs } from './schedule-jobs.ts'

/** Concurrent jobs. */
const CONCURRENCY: { readonly [Name in QueueName]: number } = {
  notifications: 4,
  'mfa-resets': 3,
  lockouts: 1,
  applications: 6,
  maintenance: 1,
}

/** Each job holds a connection while it runs, ending grants and a bulk act a second one, and the relay holds one. */
export const WORKER_CONNECTIONS = 3 + Object.values(CONCURRENCY).reduce((sum, jobs) => sum + jobs)

export interface WorkerTimes extends EngineOptions, Omit<RelayOptions, 'alsoRestore'> {
  /** The job of a killed worker runs again within lockDuration + 2 × stalledInterval. */
  lockDuration?: number
  stalledInterval?: number
  backoff?: (attemptsMade: number) => number
}

export interface RunningWorker {
  engine: QueueEngine
  stop(): Promise<void>
}

/** Relays the outbox and runs all queues. Redis and the mail server may be unreachable. The database must answer. */
export async function startWorker(
  deps: Omit<JobDeps, 'mailer'>,
  times: WorkerTimes = {},
): Promise<RunningWorker> {
  const engine = openQueueEngine(deps.config, deps.log, times)
  const mailer = openMailer(deps.config, deps.log, CONCURRENCY.notifications)
  const jobDeps = { ...deps, mailer }
  const process = (job: QueuedJob, token?: string) =>
    isScheduledJobName(job.name) ? SCHEDULED[job.name](jobDeps) : runJob(job, token, jobDeps)

  try {
    for (const name of QUEUES) await engine.work(name, process, workOptions(name, times))
  } catch (error) {
    await engine.close()
    throw error
  }
  const relay = relayOutbox(deps, engine, { ...times, alsoRestore: () => scheduleJobs(engine) })

  return {
    engine,
    async stop() {
      await relay.stop()
      await engine.close()
      mailer.close()
    },
  }
}

function workOptions(
  name: QueueName,
  { lockDuration = 15 * SECOND, stalledInterval = 10 * SECOND, backoff = retryDelay }: WorkerTimes,
): WorkOptions {
  return {
    concurrency: CONCURRENCY[name],
    lockDuration,
    stalledInterval,
    // A job whose worker dies runs again. The default of 1 would fail it.
    maxStalledCount: 100,
    runRetryDelay: SECOND,
    settings: { backoffStrategy: (attemptsMade) => backoff(attemptsMade) },
  }
}
