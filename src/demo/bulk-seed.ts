import { count, eq, sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { EncryptionKey } from '../config.ts'
import { manualKey, newSecret } from '../mfa/totp.ts'
import { seal } from '../platform/crypto/sealed-secret.ts'
import type { Database, Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { users } from '../platform/db/schema/users.ts'
import { hashPassword } from '../sign-in/password-hash.ts'
import { type BulkAccount, bulkAccounts, bulkUser } from './bulk-accounts.ts'
import { DEMO_PASSWORD } from './demo-cast.ts'
import { roleGroupIdsByKey } from './seed.ts'

const ROWS_A_BATCH = 5_000
const USERS_AN_ACCOUNT = 100

export interface BulkRequest {
  users: number
  /** The first so many users are active and have an authenticator. */
  enrolled: number
  accounts: number | null
  /** Adds all users to the client account of this name instead. */
  into: string | null
}

export interface EnrolledUser {
  id: string
  email: string
  password: string
  secret: string
}

export interface BulkDeps {
  keys: readonly EncryptionKey[]
  onProgress: (done: number) => void
  onEnrolled: (user: EnrolledUser) => void
}

/** Thrown when a name matches no client account, or several. */
export class UnknownClientError extends Error {
  constructor(name: string, found: number) {
    super(`There ${found === 0 ? 'is no client account' : `are ${found} client accounts`} called '${name}'.`)
    this.name = 'UnknownClientError'
  }
}

interface Place {
  clientId: string
  name: string
  size: number
  isNew: boolean
}

interface NewUser extends ReturnType<typeof bulkUser> {
  id: string
  clientId: string
  isEnrolled: boolean
}

/** Adds users and accounts to the existing data. Commits batch by batch. */
export async function bulkSeed(db: Database, request: BulkRequest, deps: BulkDeps): Promise<void> {
  const passwordHash = await hashPassword(DEMO_PASSWORD)
  const places = request.into === null ? await addAccounts(db, request) : [await findPlace(db, request)]
  const [existing] = await db.select({ users: count() }).from(users)
  let done = 0

  for (const batch of inBatches(newUsers(places, request.enrolled, existing?.users ?? 0))) {
    const enrolled = batch
      .filter(({ isEnrolled }) => isEnrolled)
      .map((user) => ({ ...user, secret: newSecret(), authenticatorId: uuidv7() }))
    await db.transaction(async (tx) => {
      // One statement for the batch replaces the triggers of each row.
      await tx.execute(sql`set local portcullis.relist = 'by hand'`)
      await insertUsers(tx, batch, passwordHash)
      await insertAuthenticators(tx, enrolled, deps.keys)
      await tx.execute(sql`select relist(${list(batch.map(({ id }) => id))}::uuid[])`)
    })
    for (const { id, email, secret } of enrolled)
      deps.onEnrolled({ id, email, password: DEMO_PASSWORD, secret: manualKey(secret).replaceAll(' ', '') })
    done += batch.length
    deps.onProgress(done)
  }
  // The planner needs fresh statistics before the first query.
  await db.execute(
    sql`analyze clients, users, memberships, mfa_policies, authenticators, listings, headcounts`,
  )
}

async function addAccounts(db: Database, { users: total, accounts }: BulkRequest): Promise<Place[]> {
  return db.transaction(async (tx) => {
    const [existing] = await tx.select({ clients: count() }).from(clients)
    const wanted = accounts ?? Math.max(1, Math.round(total / USERS_AN_ACCOUNT))
    const made = bulkAccounts(wanted, total, existing?.clients ?? 0).map((account) => ({
      ...account,
      id: uuidv7(),
    }))
    const parentOf = ({ parent }: BulkAccount) => (parent === null ? null : (made[parent]?.id ?? null))
    await tx.execute(sql`
      insert into clients (id, name, parent_id)
      select * from unnest(${list(made.map(({ id }) => id))}::uuid[], ${list(made.map(({ name }) => name))}::text[],
        ${list(made.map(parentOf))}::uuid[])`)
    const policies = made.flatMap(({ id, requiresMfa }) => requiresMfa.map((key) => ({ id, key })))
    await tx.execute(sql`
      insert into mfa_policies (client_id, role_group_id)
      select p.client_id, r.id
      from unnest(${list(policies.map(({ id }) => id))}::uuid[], ${list(policies.map(({ key }) => key))}::text[])
        as p(client_id, key) join role_groups r using (key)`)
    return made.map(({ id, name, size }) => ({ clientId: id, name, size, isNew: true }))
  })
}

async function findPlace(db: Database, { into, users: size }: BulkRequest): Promise<Place> {
  const name = into ?? ''
  const found = await db.select({ id: clients.id }).from(clients).where(eq(clients.name, name))
  const [only] = found
  if (!only || found.length > 1) throw new UnknownClientError(name, found.length)
  return { clientId: only.id, name, size, isNew: false }
}

function* newUsers(places: readonly Place[], enrolled: number, existing: number): Generator<NewUser> {
  let number = existing
  for (const { clientId, name, size, isNew } of places)
    for (let index = 0; index < size; index += 1) {
      number += 1
      const user = bulkUser(name, number, isNew && index === 0)
      const isEnrolled = number - existing <= enrolled
      yield { id: uuidv7(), clientId, ...user, isEnrolled, status: isEnrolled ? 'active' : user.status }
    }
}

function* inBatches<Item>(items: Iterable<Item>): Generator<Item[]> {
  let batch: Item[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < ROWS_A_BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

async function insertUsers(tx: Transaction, batch: readonly NewUser[], passwordHash: string): Promise<void> {
  await tx.execute(sql`
    insert into users (id, client_id, email, name, status, password_hash, activated_at)
    select id, client_id, email, name, status::user_status,
      case status when 'invited' then null else ${passwordHash}::text end,
      case status when 'invited' then null else now() end
    from unnest(${list(batch.map(({ id }) => id))}::uuid[], ${list(batch.map(({ clientId }) => clientId))}::uuid[],
      ${list(batch.map(({ email }) => email))}::text[], ${list(batch.map(({ name }) => name))}::text[],
      ${list(batch.map(({ status }) => status))}::text[]) as u(id, client_id, email, name, status)`)

  const idOfRoleGroup = await roleGroupIdsByKey(tx)
  const held = batch.flatMap(({ id, roleGroups }) =>
    roleGroups.map((key) => ({ id, roleGroup: idOfRoleGroup.get(key) ?? null })),
  )
  await tx.execute(sql`
    insert into memberships (user_id, role_group_id)
    select * from unnest(${list(held.map(({ id }) => id))}::uuid[], ${list(held.map(({ roleGroup }) => roleGroup))}::uuid[])`)
}

async function insertAuthenticators(
  tx: Transaction,
  enrolled: readonly (NewUser & { secret: Buffer; authenticatorId: string })[],
  keys: readonly EncryptionKey[],
): Promise<void> {
  if (enrolled.length === 0) return
  const sealed = enrolled.map(({ id: userId, secret, authenticatorId }) =>
    seal(secret, { authenticatorId, userId }, keys).toString('base64'),
  )
  await tx.execute(sql`
    insert into authenticators (id, user_id, status, sealed_secret, pending_until, activated_at)
    select id, user_id, 'active', decode(sealed, 'base64'), now(), now()
    from unnest(${list(enrolled.map(({ authenticatorId }) => authenticatorId))}::uuid[],
      ${list(enrolled.map(({ id }) => id))}::uuid[], ${list(sealed)}::text[]) as a(id, user_id, sealed)`)
}

/** One array parameter; Drizzle would make a parameter of every element. */
function list(values: readonly (string | null)[]) {
  return sql.param(values)
}
