import { expireApproval } from '../src/access/expire-approval.ts'
import type { Job } from './job.ts'

/** Marks a case as expired. It could not be approved any more anyway: late, early or repeated, nothing changes. */
export const expireApprovalJob: Job<'expire-approval'> = ({ approvalId }, tx, { clock }) =>
  expireApproval(tx, approvalId, clock.now())
