import type { WorkerTimes } from '../../workers/start-worker.ts'

/** Short enough that a test does not wait. */
export const SHORT: WorkerTimes = {
  lockDuration: 1000,
  stalledInterval: 500,
  backoff: () => 50,
  restoreEveryMs: 200,
  olderThanMs: 0,
}
