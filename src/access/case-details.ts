import type { approvals } from '../platform/db/schema/approvals.ts'

/** What every audit event of a case says of it. */
export function caseDetails({ id, kind }: Pick<typeof approvals.$inferSelect, 'id' | 'kind'>) {
  return { approvalId: id, ...(kind === 'erasing' && { kind }) }
}
