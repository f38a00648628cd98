import { sealEvents } from '../src/audit/seal-events.ts'
import type { JobDeps } from './job.ts'

/** A run lasts seconds, however much is waiting: the next one goes on. */
const AT_MOST = 100_000

/** Seals what the audit log has that is new. Any number of workers may be at it. */
export async function sealAuditEvents({
  db,
  clock,
  log,
}: Pick<JobDeps, 'db' | 'clock' | 'log'>): Promise<void> {
  try {
    await sealEvents(db, clock.now(), AT_MOST)
  } catch (err) {
    log.error({ err }, 'The audit log could not be sealed. Events wait for it; the next run tries again.')
    throw err
  }
}
