import type { Transaction } from '../platform/db/client.ts'
import { memberships } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'

export interface PersonToInvite {
  email: string
  name: string
  roleGroupIds: readonly string[]
}

/**
 * Adds people to an account and returns their ids by address. The database leaves out addresses that are taken. `actorId`
 * is null for a command on the machine.
 */
export async function addInvitedUsers(
  tx: Transaction,
  clientId: string,
  people: readonly PersonToInvite[],
  by: { actorId: string | null; now: Date },
): Promise<ReadonlyMap<string, string>> {
  if (people.length === 0) return new Map()
  const added = await tx
    .insert(users)
    .values(people.map(({ email, name }) => ({ clientId, email, name, status: 'invited' as const })))
    .onConflictDoNothing()
    .returning({ id: users.id, email: users.email })
  const idOf = new Map(added.map(({ id, email }) => [email, id]))
  const granted = { grantedBy: by.actorId, grantedAt: by.now }
  const held = people.flatMap(({ email, roleGroupIds }) => {
    const userId = idOf.get(email)
    return userId === undefined
      ? []
      : roleGroupIds.map((roleGroupId) => ({ userId, roleGroupId, ...granted }))
  })
  if (held.length > 0) await tx.insert(memberships).values(held)
  return idOf
}
