import { remindOfInvitation } from '../src/invitations/remind-of-invitation.ts'
import type { Job } from './job.ts'

export const remindOfInvitationJob: Job<'remind-of-invitation'> = ({ invitationId }, tx, { clock }) =>
  remindOfInvitation(tx, invitationId, clock.now())
