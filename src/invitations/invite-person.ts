import { namesOf, type RoleGroupChoice } from '../access/choose-role-groups.ts'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import type { EncryptionKey } from '../config.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { Clock } from '../platform/time/clock.ts'
import { addInvitedUsers } from './add-invited-users.ts'
import { sendInvitations } from './send-invitations.ts'

/**
 * Adds one user to an account and sends the invitation. The caller has asked the rules. Returns the user's id; null if
 * the address is taken.
 */
export async function invitePerson(
  tx: Transaction,
  { keys, clock }: { keys: readonly EncryptionKey[]; clock: Pick<Clock, 'now'> },
  by: { actorId: string | null; origin: Origin; details?: Record<string, unknown> },
  to: { clientId: string; email: string; name: string; roleGroups: readonly RoleGroupChoice[] },
): Promise<string | null> {
  const { clientId, email, name, roleGroups } = to
  const person = { email, name, roleGroupIds: roleGroups.map(({ id }) => id) }
  const added = await addInvitedUsers(tx, clientId, [person], { actorId: by.actorId, now: clock.now() })
  const userId = added.get(email)
  if (userId === undefined) return null
  // The time after the insert, which waits for a concurrent invitation of the same address.
  const now = clock.now()
  const details = { roleGroups: namesOf(roleGroups), ...by.details }
  const events = await sendInvitations(tx, { keys, now }, { ...by, details }, { clientId, userIds: [userId] })
  const eventId = events.get(userId)
  if (eventId === undefined) throw new Error('an invitation was not recorded')
  await tellOfAdministrator(tx, { id: userId, clientId, roleGroups }, eventId, 'invited')
  return userId
}
