import { and, eq } from 'drizzle-orm'
import { byOneself, type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import type { Person } from './facts.ts'

/**
 * Makes an invited user active. Spec: setting up MFA "becomes a mandatory step before the account can be activated".
 * False if their sessions were ended since `person` was read: they were disabled, withdrawn or invited again.
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
  await record(tx, { ...byOneself(person, now, origin), action: 'user.activated' })
  return true
}
