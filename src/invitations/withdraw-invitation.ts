import { eq } from 'drizzle-orm'
import { actOnUser, type UserOutcome, type UserRequest } from '../access/act-on-user.ts'
import { readDeskEvidence } from '../access/evidence.ts'
import { mayChangeInvitation } from '../access/rules.ts'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import type { Deps } from '../deps.ts'
import { type Origin, recordWithPersonal } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { memberships } from '../platform/db/schema/role-groups.ts'
import { addressOfWithdrawn, users } from '../platform/db/schema/users.ts'
import { closeInvitation } from './close-invitation.ts'

export function withdrawInvitation(deps: Deps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'invitation.withdrawn',
    rule: mayChangeInvitation,
    readEvidence: readDeskEvidence,
    carryOut: async (tx, person, { at, actorId, origin, details }) => {
      const eventId = await withdraw(tx, person, { actorId, origin, details }, at)
      await tellOfAdministrator(tx, person, eventId, 'invitation-withdrawn')
    },
  })
}

/**
 * Removes a user who never activated, so that the address can be invited again. The row stays for the audit log,
 * without role groups and password. Its name and former address are erased later (remove-history.ts). Returns the id of
 * the event.
 */
export async function withdraw(
  tx: Transaction,
  { id, clientId, email }: { id: string; clientId: string; email: string },
  by: { actorId: string | null; origin: Origin; details?: Record<string, unknown> },
  now: Date,
): Promise<string> {
  await closeInvitation(tx, id, now)
  await tx.delete(memberships).where(eq(memberships.userId, id))
  await tx
    .update(users)
    .set({ status: 'withdrawn', email: addressOfWithdrawn, withdrawnAt: now })
    .where(eq(users.id, id))
  const event = {
    at: now,
    action: 'invitation.withdrawn',
    outcome: 'success',
    clientId,
    subjectId: id,
    ...by,
  } as const
  return recordWithPersonal(tx, event, { personId: id, details: { address: email } })
}
