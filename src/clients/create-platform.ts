import { asc, eq, inArray } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { readStaff } from '../access/approvers.queries.ts'
import { approversOf } from '../access/approvers.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import type { EncryptionKey } from '../config.ts'
import { invitePerson } from '../invitations/invite-person.ts'
import { withdraw } from '../invitations/withdraw-invitation.ts'
import { NO_REQUEST, record } from '../platform/audit/record.ts'
import type { Database, Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'
import { AddressTakenError } from './create-client.ts'

const BY = { actorId: null, origin: NO_REQUEST }

/** Thrown when the platform account already has an agent whose requests a second person can approve. */
export class PlatformExistsError extends Error {
  constructor(name: string) {
    super(
      `There is a platform account already, '${name}', in which a second person can approve: its Service Desk invites others and creates accounts.`,
    )
    this.name = 'PlatformExistsError'
  }
}

/**
 * Creates the platform account and invites its first user, a Service Desk agent and Operator. It may run again while no
 * agent has a second person who may approve: after a mistyped address or a lost mail, or for the second agent. Returns
 * the addresses whose invitations it withdrew.
 */
export function createPlatform(
  db: Database,
  founding: { account: string; name: string; email: string; keys: readonly EncryptionKey[]; now: Date },
): Promise<{ withdrawn: string[] }> {
  return db.transaction(async (tx) => {
    const { account, name, email, keys, now } = founding
    const added = await addPlatformAccount(tx, account, now)
    const { clientId, withdrawn } =
      added === null ? await withdrawUnused(tx, now) : { clientId: added, withdrawn: [] }

    const all = await readRoleGroups(tx)
    const roleGroups = all.filter(({ key }) => ['service-desk', 'operator'].includes(key))
    if (roleGroups.length !== 2) throw new Error('the role groups of the platform are not there')
    const userId = await invitePerson(tx, { keys, clock: { now: () => now } }, BY, {
      clientId,
      email,
      name,
      roleGroups,
    })
    if (userId === null) throw new AddressTakenError()
    return { withdrawn }
  })
}

async function addPlatformAccount(tx: Transaction, name: string, now: Date): Promise<string | null> {
  // A unique index allows one. Of two concurrent commands the second waits and then finds the first.
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

/** Withdraws the users whom this command invited and who never activated. */
async function withdrawUnused(
  tx: Transaction,
  now: Date,
): Promise<{ clientId: string; withdrawn: string[] }> {
  const [platform] = await tx.select().from(clients).where(eq(clients.isPlatform, true)).for('no key update')
  if (!platform) throw new Error('the platform account is missing')
  const people = await tx
    .select()
    .from(users)
    .where(eq(users.clientId, platform.id))
    .orderBy(asc(users.id))
    .for('no key update')
  const { staff, makers } = await readStaff(tx, [], now)
  const agents = staff.filter(({ isServiceDesk }) => isServiceDesk)
  const askedBy = ({ id }: { id: string }) => ({ requestedBy: id, userId: null })
  if (agents.some((agent) => approversOf(askedBy(agent), staff, makers).fallsTo !== 'none'))
    throw new PlatformExistsError(platform.name)
  // Users whom an agent invited, with a second approval, stay.
  const firstInvitations = await tx
    .selectDistinctOn([invitations.userId], { userId: invitations.userId, invitedBy: invitations.invitedBy })
    .from(invitations)
    .where(
      inArray(
        invitations.userId,
        people.map(({ id }) => id),
      ),
    )
    .orderBy(invitations.userId, invitations.id)
  const byCommand = firstInvitations.filter(({ invitedBy }) => invitedBy === null)
  const idsByCommand = new Set(byCommand.map(({ userId }) => userId))
  const unused = people.filter(
    ({ id, status, activatedAt }) => status !== 'withdrawn' && activatedAt === null && idsByCommand.has(id),
  )
  for (const person of unused) await withdraw(tx, person, BY, now)
  return { clientId: platform.id, withdrawn: unused.map(({ email }) => email) }
}
