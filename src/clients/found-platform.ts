import { eq, inArray } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { NO_REQUEST, record } from '../audit/record.ts'
import type { EncryptionKey } from '../config.ts'
import type { Database, Transaction } from '../db/client.ts'
import { clients } from '../db/schema/clients.ts'
import { roleGroups } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'
import { addInvitedUsers } from '../invitations/add-invited-users.ts'
import { sendInvitations } from '../invitations/send-invitations.ts'
import { withdraw } from '../invitations/withdraw-invitation.ts'
import { AddressTakenError } from './create-client.ts'

/** Whoever runs the command is nobody that the product knows. */
const BY = { actorId: null, origin: NO_REQUEST }

/** Thrown when somebody has entered the platform account: its Service Desk creates whatever else there is to be. */
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
 * Until then it may be done again, for an address that was mistyped or a mail that never came; the account keeps its name.
 */
export function foundPlatform(
  db: Database,
  founding: { account: string; name: string; email: string; keys: readonly EncryptionKey[]; now: Date },
): Promise<void> {
  return db.transaction(async (tx) => {
    const { account, name, email, keys, now } = founding
    const clientId = (await createPlatform(tx, account, now)) ?? (await vacatePlatform(tx, now))

    const groups = await tx
      .select({ id: roleGroups.id })
      .from(roleGroups)
      .where(inArray(roleGroups.key, ['service-desk', 'operator']))
    if (groups.length !== 2) throw new Error('the role groups of the platform are not there')
    const people = await addInvitedUsers(tx, clientId, [
      { email, name, roleGroupIds: groups.map(({ id }) => id) },
    ])
    const userId = people.get(email)
    if (userId === undefined) throw new AddressTakenError()
    await sendInvitations(tx, { keys, now }, BY, { clientId, userIds: [userId] })
  })
}

/** Null: there is one already. */
async function createPlatform(tx: Transaction, name: string, now: Date): Promise<string | null> {
  // A unique index allows one: of two at once the second waits, and then finds the first.
  const [added] = await tx
    .insert(clients)
    .values({ id: uuidv7(), name, isPlatform: true, createdAt: now })
    .onConflictDoNothing()
    .returning({ id: clients.id })
  if (!added) return null
  await record(tx, {
    at: now,
    action: 'client.created',
    outcome: 'success',
    clientId: added.id,
    subjectId: null,
    details: { name },
    ...BY,
  })
  return added.id
}

/** Takes back the invitation to a platform account that nobody ever entered. */
async function vacatePlatform(tx: Transaction, now: Date): Promise<string> {
  const [platform] = await tx.select().from(clients).where(eq(clients.isPlatform, true)).for('no key update')
  if (!platform) throw new Error('there is a platform account and there is none')
  const people = await tx.select().from(users).where(eq(users.clientId, platform.id)).for('no key update')
  if (people.some(({ activatedAt }) => activatedAt !== null)) throw new AlreadyFoundedError(platform.name)
  for (const person of people.filter(({ status }) => status !== 'withdrawn'))
    await withdraw(tx, person, BY, now)
  return platform.id
}
