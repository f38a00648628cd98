import { and, eq } from 'drizzle-orm'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { users } from '../db/schema/users.ts'

/**
 * Makes an invited user active. Spec: setting up MFA "becomes a mandatory step before the account can be
 * activated", so this is called when the first sign-in completes, or at once where no MFA is required.
 */
export async function activateUser(
  tx: Transaction,
  person: { id: string; clientId: string },
  origin: Origin,
  now: Date,
): Promise<void> {
  const activated = await tx
    .update(users)
    .set({ status: 'active', activatedAt: now })
    .where(and(eq(users.id, person.id), eq(users.status, 'invited')))
    .returning({ id: users.id })
  // Disabled or withdrawn a moment ago: that stands.
  if (activated.length === 0) return
  await record(tx, {
    at: now,
    action: 'user.activated',
    outcome: 'success',
    origin,
    clientId: person.clientId,
    actorId: person.id,
    subjectId: person.id,
  })
}
