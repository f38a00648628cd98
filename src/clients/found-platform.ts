import { eq, inArray } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { NO_REQUEST, record } from '../audit/record.ts'
import type { EncryptionKey } from '../config.ts'
import type { Database, Transaction } from '../db/client.ts'
import { clients } from '../db/schema/clients.ts'
import { roleGroups } from '../db/schema/role-groups.ts'
import { addInvitedUsers } from '../invitations/add-invited-users.ts'
import { sendInvitations } from '../invitations/send-invitations.ts'
import { AddressTakenError } from './create-client.ts'

/** Thrown when there is a platform account: its Service Desk creates whatever else there is to be. */
export class AlreadyFoundedError extends Error {
  constructor(name: string) {
    super(
      `There is a platform account already, '${name}': its Service Desk invites others and creates accounts.`,
    )
    this.name = 'AlreadyFoundedError'
  }
}

/**
 * Begins a product without demo data: the platform account, and in it the first person, a Service Desk agent and
 * Operator, invited by mail. MFA is required of everybody there, so the account becomes active with an authenticator.
 */
export function foundPlatform(
  db: Database,
  founding: { account: string; name: string; email: string; keys: readonly EncryptionKey[]; now: Date },
): Promise<void> {
  return db.transaction(async (tx) => {
    const { account, name, email, keys, now } = founding
    const clientId = uuidv7()
    // A unique index allows one: of two at once the second waits, and then finds the first.
    const added = await tx
      .insert(clients)
      .values({ id: clientId, name: account, isPlatform: true, createdAt: now })
      .onConflictDoNothing()
      .returning({ id: clients.id })
    if (added.length === 0) throw new AlreadyFoundedError(await platformName(tx))

    const groups = await tx
      .select({ id: roleGroups.id })
      .from(roleGroups)
      .where(inArray(roleGroups.key, ['service-desk', 'operator']))
    const people = await addInvitedUsers(tx, clientId, [
      { email, name, roleGroupIds: groups.map(({ id }) => id) },
    ])
    const userId = people.get(email)
    if (userId === undefined) throw new AddressTakenError()
    await record(tx, {
      at: now,
      action: 'client.created',
      outcome: 'success',
      origin: NO_REQUEST,
      clientId,
      actorId: null,
      subjectId: null,
      details: { name: account },
    })
    await sendInvitations(
      tx,
      { keys, now },
      { actorId: null, origin: NO_REQUEST },
      { clientId, userIds: [userId] },
    )
  })
}

async function platformName(tx: Transaction): Promise<string> {
  const [platform] = await tx.select({ name: clients.name }).from(clients).where(eq(clients.isPlatform, true))
  return platform?.name ?? ''
}
