import type { Job as QueuedJob } from 'bullmq'
import type { Deps } from '../src/deps.ts'
import { MINUTE, SECOND } from '../src/durations.ts'
import { openMailer } from '../src/notifications/mailer.ts'
import type { WorkOptions } from '../src/outbox/backend.ts'
import { QUEUES, type QueueName, SCHEDULED_JOB, SCHEDULED_QUEUE } from '../src/outbox/jobs.ts'
import { type EngineOptions, openQueueEngine, type QueueEngine } from '../src/outbox/queues.ts'
import { type RelayOptions, relayOutbox } from './relay-outbox.ts'
import { retryDelay } from './retry-delay.ts'
import { runJob } from './run-job.ts'
import { sweepExpired } from './sweep-expired.ts'

/** Jobs at a time. Each holds a connection of the pool (10) while it runs, and the relay one. */
const CONCURRENCY: { readonly [Name in QueueName]: number } = {
  notifications: 4,
  'mfa-resets': 2,
  lockouts: 2,
  maintenance: 1,
}

const SWEEP_EXPIRED_EVERY_MS = 5 * MINUTE

/** All have defaults; tests shorten them. */
export interface WorkerTimes extends EngineOptions, Omit<RelayOptions, 'alsoRestore'> {
  /** A killed worker's job is taken over within lockDuration + 2 × stalledInterval. */
  lockDuration?: number
  stalledInterval?: number
  /** Milliseconds of rest after the n-th failure. */
  backoff?: (attemptsMade: number) => number
}

export interface RunningWorker {
  engine: QueueEngine
  /** Finishes what is in flight, however long it takes, and closes what `startWorker` opened. */
  stop(): Promise<void>
}

/** Relays the outbox and works on every queue. Redis and the mail server may be away; the database must answer. */
export async function startWorker(
  deps: Pick<Deps, 'config' | 'db' | 'clock' | 'log'>,
  times: WorkerTimes = {},
): Promise<RunningWorker> {
  const engine = openQueueEngine(deps.config, deps.log, times)
  const mailer = openMailer(deps.config, deps.log, CONCURRENCY.notifications)
  const jobDeps = { ...deps, mailer }
  const process = (job: QueuedJob, token?: string) =>
    job.name === SCHEDULED_JOB ? sweepExpired(jobDeps) : runJob(job, token, jobDeps)

  try {
    for (const name of QUEUES) await engine.work(name, process, workOptions(name, times))
  } catch (error) {
    await engine.close()
    throw error
  }
  const relay = relayOutbox(deps, engine, { ...times, alsoRestore: () => scheduleSweep(engine) })

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
    // A job that takes its worker down comes back as often as it must; 1, the default, would give it up.
    maxStalledCount: 100,
    runRetryDelay: SECOND,
    settings: { backoffStrategy: (attemptsMade) => backoff(attemptsMade) },
  }
}

/** Again and again, since an emptied Redis forgets it. */
async function scheduleSweep(engine: QueueEngine): Promise<void> {
  const queue = await engine.queue(SCHEDULED_QUEUE)
  const scheduled = await queue.getJobScheduler(SCHEDULED_JOB)
  if (scheduled?.every === SWEEP_EXPIRED_EVERY_MS) return
  await queue.upsertJobScheduler(
    SCHEDULED_JOB,
    { every: SWEEP_EXPIRED_EVERY_MS },
    { name: SCHEDULED_JOB, opts: { attempts: 1 } },
  )
}
