import { and, eq, isNotNull } from 'drizzle-orm'
import { actOnUser, type UserOutcome, type UserRequest } from '../access/act-on-user.ts'
import type { ActDeps } from '../access/act-request.ts'
import { readDeskEvidence } from '../access/evidence.ts'
import { approvedRoleGroups } from '../access/people.ts'
import { mayChangeInvitation } from '../access/rules.ts'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import type { Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { closeInvitation } from './close-invitation.ts'
import { invitationAllowance, limitReached } from './invitation-allowance.ts'
import { readInvitation } from './invitations.queries.ts'
import { sendInvitations } from './send-invitations.ts'

/** Sends a new invitation, always to the address of the user, and closes the old one. */
export function resendInvitation(deps: ActDeps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'invitation.resent',
    rule: mayChangeInvitation,
    readEvidence: readDeskEvidence,
    limit: async (tx, person, now) => {
      const { id, clientId } = person
      // What a second person approved long ago is approved anew.
      const wasApproved = approvedRoleGroups(person).length > 0
      if (wasApproved && (await hasExpired(tx, id, now)) && (await isInUse(tx, clientId)))
        return { refusal: 'invite-again' }
      const allowance = await invitationAllowance(tx, deps.config, clientId, now)
      // The number of open invitations stays the same, because the old one is closed.
      return allowance.refusal === 'invitations-within-hour' ? limitReached(allowance, now) : null
    },
    carryOut: async (tx, { id, clientId, roleGroups }, { at, actorId, origin, details }) => {
      await closeInvitation(tx, id, at)
      const events = await sendInvitations(
        tx,
        { keys: deps.config.ENCRYPTION_KEYS, now: at },
        { actorId, origin, details },
        { clientId, userIds: [id], again: true },
      )
      const eventId = events.get(id)
      if (eventId === undefined) throw new Error('an invitation was not recorded')
      await tellOfAdministrator(tx, { id, clientId, roleGroups }, eventId, 'invited-again')
    },
  })
}

async function hasExpired(tx: Transaction, userId: string, now: Date): Promise<boolean> {
  return (await readInvitation(tx, userId, now))?.state === 'expired'
}

/** A user of the account was active once. Before, its first Admin is invited as often as it takes. */
async function isInUse(tx: Transaction, clientId: string): Promise<boolean> {
  return (await tx.$count(users, and(eq(users.clientId, clientId), isNotNull(users.activatedAt)))) > 0
}
