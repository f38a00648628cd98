import { sealEvents } from '../src/platform/audit/seal-events.ts'
import { headText, readHead } from '../src/platform/audit/seals.queries.ts'
import type { JobDeps } from './job.ts'

/** Limits a run to seconds. The next run continues. */
const AT_MOST = 100_000

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
    log.error({ err }, 'The audit log could not be sealed. The next run retries.')
    throw err
  }
}
