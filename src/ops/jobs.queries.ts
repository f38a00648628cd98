import type { Job, JobState, Queue } from 'bullmq'
import { CHANGE_NAMES, type ChangeName, canChange } from './change-jobs.ts'

const PAGE_SIZE = 50

const TABS = {
  failed: ['failed'],
  delayed: ['delayed'],
  waiting: ['prioritized', 'waiting'],
  active: ['active'],
  completed: ['completed'],
} as const satisfies Record<string, readonly JobState[]>

export type JobTab = keyof typeof TABS
export const JOB_TABS = Object.keys(TABS) as [JobTab, ...JobTab[]]

export interface JobView {
  id: string
  name: string
  state: JobState | 'unknown'
  attempts: number
  addedAt: Date
  dueAt: Date | null
  failure: string | null
  changes: readonly ChangeName[]
}

export async function readJobs(
  queue: Queue,
  tab: JobTab,
  page: number,
): Promise<{ jobs: JobView[]; more: boolean }> {
  const first = (page - 1) * PAGE_SIZE
  // Failed and completed jobs: newest first. The others: in their order of running.
  const isAscending = tab !== 'failed' && tab !== 'completed'
  const found = await Promise.all(
    TABS[tab].map(async (state) => {
      const jobs: Job[] = await queue.getJobs([state], first, first + PAGE_SIZE, isAscending)
      return {
        jobs: jobs.slice(0, PAGE_SIZE).map((job) => jobView(job, state)),
        more: jobs.length > PAGE_SIZE,
      }
    }),
  )
  return { jobs: found.flatMap(({ jobs }) => jobs), more: found.some(({ more }) => more) }
}

export async function readJob(queue: Queue, id: string): Promise<JobView | null> {
  const job: Job | undefined = await queue.getJob(id)
  return job ? jobView(job, await job.getState()) : null
}

function jobView(job: Job, state: JobState | 'unknown'): JobView {
  const delayedSince = job.attemptsMade > 0 ? (job.processedOn ?? job.timestamp) : job.timestamp
  return {
    id: job.id ?? '',
    name: job.name,
    state,
    attempts: job.attemptsMade,
    addedAt: new Date(job.timestamp),
    dueAt: state === 'delayed' ? new Date(delayedSince + job.delay) : null,
    failure: job.failedReason || null,
    changes: CHANGE_NAMES.filter((name) => canChange(name, job, state)),
  }
}
