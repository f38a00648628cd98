import { sealEvents } from '../src/platform/audit/seal-events.ts'
import { headText, readHead } from '../src/platform/audit/seals.queries.ts'
import type { JobDeps } from './job.ts'

/** A run lasts seconds, however much is waiting: the next one goes on. */
const AT_MOST = 100_000

/** Seals what the audit log has that is new, and logs up to where. Any number of workers may be at it. */
export async function sealAuditEvents({
  db,
  config,
  clock,
  log,
}: Pick<JobDeps, 'db' | 'config' | 'clock' | 'log'>): Promise<void> {
  try {
    const sealed = await sealEvents(db, { keys: config.AUDIT_KEYS, now: clock.now(), atMost: AT_MOST })
    const head = sealed > 0 ? await readHead(db) : null
    if (head) log.info({ sealed, auditHead: headText(head) }, 'The audit log is sealed up to here.')
  } catch (err) {
    log.error({ err }, 'The audit log could not be sealed. Events wait for it; the next run tries again.')
    throw err
  }
}
