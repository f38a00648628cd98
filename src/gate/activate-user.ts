import { and, eq } from 'drizzle-orm'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import type { Person } from './facts.ts'

/**
 * Makes an invited user active. Spec: setting up MFA "becomes a mandatory step before the account can be
 * activated", so this is called when the first sign-in completes, or at once where no MFA is required. False if
 * their sessions were ended since `person` was read (disabled, withdrawn, invited again): that stands.
 */
export async function activateUser(
  tx: Transaction,
  person: Pick<Person, 'id' | 'clientId' | 'sessionEpoch'>,
  origin: Origin,
  now: Date,
): Promise<boolean> {
  const activated = await tx
    .update(users)
    .set({ status: 'active', activatedAt: now })
    .where(
      and(eq(users.id, person.id), eq(users.status, 'invited'), eq(users.sessionEpoch, person.sessionEpoch)),
    )
    .returning({ id: users.id })
  if (activated.length === 0) return false
  await record(tx, {
    at: now,
    action: 'user.activated',
    outcome: 'success',
    origin,
    clientId: person.clientId,
    actorId: person.id,
    subjectId: person.id,
  })
  return true
}
