import { tellHead } from '../src/audit-log/tell-head.ts'
import { headText } from '../src/platform/audit/seals.queries.ts'
import type { JobDeps } from './job.ts'

export async function tellAuditHead({
  db,
  clock,
  log,
}: Pick<JobDeps, 'db' | 'clock' | 'log'>): Promise<void> {
  const head = await tellHead(db, clock.now())
  if (head)
    log.info({ auditHead: headText(head) }, 'The head of the audit log, as it is mailed to the operators.')
}
