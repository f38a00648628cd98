import { expireApproval } from '../src/access/expire-approval.ts'
import type { Job } from './job.ts'

/** Late, early or repeated, it is harmless: an approval compares the time itself. */
export const expireApprovalJob: Job<'expire-approval'> = ({ approvalId }, tx, { clock }) =>
  expireApproval(tx, approvalId, clock.now())
