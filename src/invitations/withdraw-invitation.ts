import { eq } from 'drizzle-orm'
import { mayChangeInvitation } from '../access/rules.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { memberships } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import { actOnUser, type UserOutcome, type UserRequest } from '../users/act-on-user.ts'
import { tellOfAdministrator } from '../users/tell-administrators.ts'
import { closeInvitation } from './close-invitation.ts'

/** Takes an invitation back. */
export function withdrawInvitation(deps: Deps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'invitation.withdrawn',
    rule: mayChangeInvitation,
    adminsSayWhy: false,
    carryOut: async (tx, person, { at, actorId, origin, details }) => {
      const eventId = await withdraw(tx, person, { actorId, origin, details }, at)
      await tellOfAdministrator(tx, person, eventId, 'invitation-withdrawn')
    },
  })
}

/**
 * Ends somebody who was never active. There is no such user any more, and the address is free for another invitation.
 * The row stays for what the audit log says of it, without address, role groups or password. Returns the event's id.
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
    .set({ status: 'withdrawn', email: `${id}@withdrawn.invalid` })
    .where(eq(users.id, id))
  return record(tx, {
    at: now,
    action: 'invitation.withdrawn',
    outcome: 'success',
    clientId,
    subjectId: id,
    ...by,
    details: { address: email, ...by.details },
  })
}
