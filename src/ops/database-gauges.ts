// The gauges of what the database says. They are the same in every web process.
import type { Gauge } from 'prom-client'
import type { Deps } from '../deps.ts'
import { readLastBackup } from '../platform/db/backup-marks.queries.ts'
import { readProcesses } from '../platform/db/processes.queries.ts'
import { readServer } from '../platform/db/server.queries.ts'
import { QUEUES } from '../platform/outbox/jobs.ts'
import { countListeners } from '../platform/outbox/listeners.queries.ts'
import { SECOND } from '../platform/time/durations.ts'
import { readLocks } from './locks.queries.ts'
import { readOldestByQueue, readOutbox } from './outbox.queries.ts'
import { countOpenResets, JOB_SECONDS, readRecentEvents, readRecentJobs } from './recent.queries.ts'
import { readSealing } from './sealing.queries.ts'
import { readUnansweredLogouts } from './unanswered-logouts.queries.ts'

type MakeGauge = <Label extends string = never>(
  name: string,
  help: string,
  labelNames?: Label[],
) => Gauge<Label>

export type DatabaseState = Awaited<ReturnType<typeof readDatabaseState>>

export async function readDatabaseState({ db, clock, config }: Pick<Deps, 'db' | 'clock' | 'config'>) {
  return {
    server: await readServer(db),
    processes: await readProcesses(db),
    outbox: await readOutbox(db),
    oldestByQueue: await readOldestByQueue(db),
    listeners: await countListeners(db),
    sealing: await readSealing(db),
    logouts: await readUnansweredLogouts(db),
    inForce: await readLocks(db, clock.now(), config.ADDRESS_ATTEMPTS),
    events: await readRecentEvents(db),
    jobs: await readRecentJobs(db, clock.now()),
    openResets: await countOpenResets(db),
    lastBackup: await readLastBackup(db),
  }
}

/** Returns what shows a state; null while the database is away: only its own gauge is left then. */
export function databaseGauges(gauge: MakeGauge): (state: DatabaseState | null) => void {
  const up = gauge('database_up', 'Whether PostgreSQL answers.')
  const connections = gauge('database_connections', 'Connections of clients to PostgreSQL.')
  const mostConnections = gauge('database_connections_max', 'max_connections of PostgreSQL.')
  const processes = gauge('processes', 'Connected processes, by kind and version.', ['process', 'version'])
  const undispatched = gauge('outbox_undispatched_jobs', 'Jobs not handed to a queue yet.')
  const lag = gauge('outbox_lag_seconds', 'How long the oldest undispatched job has waited.')
  const pending = gauge(
    'outbox_oldest_pending_seconds',
    'How long the oldest job that is due has waited, in a queue or not.',
  )
  const oldest = gauge('queue_oldest_waiting_seconds', 'How long the oldest job that is due has waited.', [
    'queue',
  ])
  const listening = gauge('relays_listening', 'Relays that LISTEN for new work; 0 is an error.')
  const failed = gauge('outbox_failed_jobs', 'Jobs out of retries.')
  const mails = gauge('undelivered_mails', 'Mails that are not delivered yet.')
  const unanswered = gauge(
    'unanswered_logouts',
    'Ended sessions that an application has not confirmed for an hour.',
    ['application'],
  )
  const unsealed = gauge('audit_unsealed_events', 'Audit events that are not sealed yet.')
  const locks = gauge('locks_in_force', 'Locks in force, by kind.', ['kind'])
  const events = gauge('recent_events', 'Audit events of the last five minutes: sign-ins, locks, resets.', [
    'action',
    'outcome',
  ])
  const jobsDone = gauge('recent_jobs', 'Jobs that were done in the last five minutes.', ['job'])
  const jobSeconds = gauge('recent_job_seconds', 'How long these jobs took, from when they were due.', [
    'job',
    'quantile',
  ])
  const jobBuckets = gauge(
    'recent_jobs_bucket',
    'How many of these jobs took at most so many seconds: a histogram of the last five minutes.',
    ['job', 'le'],
  )
  const openResets = gauge('resets_open', 'Resets whose completion is not recorded yet.')
  const backup = gauge('last_backup_timestamp_seconds', 'When a back-up was last marked as completed.')
  const single = [
    backup,
    connections,
    mostConnections,
    undispatched,
    lag,
    pending,
    listening,
    failed,
    mails,
    unsealed,
    openResets,
  ]
  const labelled = [processes, oldest, unanswered, locks, events, jobsDone, jobSeconds, jobBuckets]

  return (state) => {
    up.set(state ? 1 : 0)
    for (const shown of single) shown.remove()
    for (const shown of labelled) shown.reset()
    if (!state) return
    const { server, outbox, oldestByQueue, sealing, inForce } = state
    connections.set(server.connections)
    mostConnections.set(server.maxConnections)
    for (const { name, version } of state.processes) processes.inc({ process: name, version })
    undispatched.set(outbox.undispatched)
    lag.set((outbox.lagMs ?? 0) / SECOND)
    pending.set((outbox.oldestPendingMs ?? 0) / SECOND)
    for (const queue of QUEUES) oldest.set({ queue }, (oldestByQueue.get(queue) ?? 0) / SECOND)
    listening.set(state.listeners)
    failed.set(outbox.failed)
    mails.set(outbox.undeliveredMails)
    for (const { applicationId, sessions } of state.logouts)
      unanswered.set({ application: applicationId }, sessions)
    unsealed.set(sealing.unsealed)
    locks.set({ kind: 'password' }, inForce.password)
    locks.set({ kind: 'code' }, inForce.code)
    locks.set({ kind: 'address' }, inForce.addresses)
    for (const { action, outcome, events: count } of state.events) events.set({ action, outcome }, count)
    for (const { job, jobs, medianSeconds, p99Seconds, within } of state.jobs) {
      jobsDone.set({ job }, jobs)
      for (const [index, le] of JOB_SECONDS.entries()) jobBuckets.set({ job, le }, within[index] ?? 0)
      jobBuckets.set({ job, le: '+Inf' }, jobs)
      jobSeconds.set({ job, quantile: '0.5' }, medianSeconds)
      jobSeconds.set({ job, quantile: '0.99' }, p99Seconds)
    }
    openResets.set(state.openResets)
    if (state.lastBackup) backup.set(state.lastBackup.getTime() / SECOND)
  }
}
