import { remindOfInvitation } from '../src/invitations/remind-of-invitation.ts'
import type { Job } from './job.ts'

/** Reminds of an invitation a day before it ends, if it is still open then. Late, early or repeated, it does no harm. */
export const remindOfInvitationJob: Job<'remind-of-invitation'> = ({ invitationId }, tx, { clock }) =>
  remindOfInvitation(tx, invitationId, clock.now())
