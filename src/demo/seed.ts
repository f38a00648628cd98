import { inArray, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { EncryptionKey } from '../config.ts'
import { sendInvitations } from '../invitations/send-invitations.ts'
import { NO_REQUEST } from '../platform/audit/record.ts'
import type { Database, Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { memberships, mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { foldedEmail, users } from '../platform/db/schema/users.ts'
import type { Clock } from '../platform/time/clock.ts'
import { hashPassword } from '../sign-in/password-hash.ts'
import { type CastAccount, type CastMember, DEMO_CAST, DEMO_PASSWORD } from './demo-cast.ts'

export interface SeedDeps {
  clock: Clock
  /** The first key signs the invitation's link. */
  keys: readonly EncryptionKey[]
}

/** Adds the demo accounts to a database without client accounts. */
export async function seedDemoData(db: Database, deps: SeedDeps): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('portcullis seed'))`)
    const [existing] = await tx.select({ id: clients.id }).from(clients).limit(1)
    if (existing) return

    const idOfRoleGroup = await roleGroupIdsByKey(tx)
    const idOfAccount = new Map<string, string>()
    for (const account of DEMO_CAST) {
      const parentId = account.parent === undefined ? null : idOf(idOfAccount, account.parent)
      idOfAccount.set(account.name, await addAccount(tx, deps, account, parentId, idOfRoleGroup))
    }
  })
}

export async function contentOf(db: Database): Promise<'nothing' | 'demo' | 'accounts'> {
  const [client] = await db.select({ id: clients.id }).from(clients).limit(1)
  if (!client) return 'nothing'
  const emails = DEMO_CAST.flatMap(({ people }) => people.map(({ email }) => email))
  const demo = await db.$count(users, inArray(foldedEmail(users.email), emails))
  return demo > 0 ? 'demo' : 'accounts'
}

export async function roleGroupIdsByKey(tx: Transaction): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.select({ key: roleGroups.key, id: roleGroups.id }).from(roleGroups)
  return new Map(rows.map(({ key, id }) => [key, id]))
}

async function addAccount(
  tx: Transaction,
  deps: SeedDeps,
  account: CastAccount,
  parentId: string | null,
  idOfRoleGroup: ReadonlyMap<string, string>,
): Promise<string> {
  const clientId = uuidv7()
  const { name, isPlatform = false, requiresMfa, people } = account
  await tx.insert(clients).values({ id: clientId, name, parentId, isPlatform })
  for (const key of requiresMfa)
    await tx.insert(mfaPolicies).values({ clientId, roleGroupId: idOf(idOfRoleGroup, key) })

  const [admin] = people
  const adminId = uuidv7()
  for (const person of people) {
    const userId = person === admin ? adminId : uuidv7()
    await addPerson(tx, deps, person, { userId, clientId })
    await tx.insert(memberships).values({ userId, roleGroupId: idOf(idOfRoleGroup, person.roleGroup) })
    if (person.invited) {
      const by = { actorId: adminId, origin: NO_REQUEST }
      await sendInvitations(tx, { keys: deps.keys, now: deps.clock.now() }, by, {
        clientId,
        userIds: [userId],
      })
    }
  }
  return clientId
}

async function addPerson(
  tx: Transaction,
  { clock }: SeedDeps,
  { email, name, invited }: CastMember,
  { userId, clientId }: { userId: string; clientId: string },
): Promise<void> {
  const proven = invited
    ? ({ status: 'invited' } as const)
    : ({
        status: 'active',
        activatedAt: clock.now(),
        passwordHash: await hashPassword(DEMO_PASSWORD),
      } as const)
  await tx.insert(users).values({ id: userId, clientId, email, name, ...proven })
}

function idOf(ids: ReadonlyMap<string, string>, name: string): string {
  const id = ids.get(name)
  if (id === undefined) throw new Error(`the seed refers to '${name}', which does not exist`)
  return id
}
