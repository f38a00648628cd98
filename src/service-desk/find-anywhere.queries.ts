import { asc, eq, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { contains } from '../db/like.ts'
import { clients } from '../db/schema/clients.ts'
import { users } from '../db/schema/users.ts'
import { uuidArray } from '../db/uuid-array.ts'
import { searchedText, sortName } from '../users/find-users.queries.ts'

const ACCOUNTS_SHOWN = 10
const USERS_SHOWN = 50
const WINDOW = 10_000

export interface FoundAnywhere {
  accounts: { id: string; name: string }[]
  userIds: string[]
  /** There are more users than these. */
  more: boolean
}

/** Users of any account whose name, e-mail address or account holds the term, which has at least 3 characters. */
export async function findAnywhere(db: Reader, term: string): Promise<FoundAnywhere> {
  const accounts = await db
    .select({ id: clients.id, name: clients.name })
    .from(clients)
    .where(contains(sql`lower(${clients.name})`, term))
    .orderBy(sql`lower(${clients.name})`, asc(clients.id))
    .limit(ACCOUNTS_SHOWN)
  const ids = new Set([
    ...(await findPeople(db, term)),
    ...(await findMembers(
      db,
      accounts.map(({ id }) => id),
    )),
  ])
  const userIds = [...ids]
  return { accounts, userIds: userIds.slice(0, USERS_SHOWN), more: userIds.length > USERS_SHOWN }
}

/**
 * A common term is found among the first users there are; only a rare one is asked of the trigram index, which
 * must gather all that match. See users/find-users.queries.ts.
 */
async function findPeople(db: Reader, term: string): Promise<string[]> {
  const window = db
    .select({ id: users.id, text: searchedText.as('searched_text') })
    .from(users)
    .orderBy(asc(users.id))
    .limit(WINDOW)
    .as('walked')
  const common = await db
    .select({ id: window.id })
    .from(window)
    .where(contains(window.text, term))
    .limit(USERS_SHOWN + 1)
  if (common.length > USERS_SHOWN) return common.map(({ id }) => id)
  const all = await db
    .select({ id: users.id })
    .from(users)
    .where(contains(searchedText, term))
    .orderBy(sql`${sortName} || ''`, asc(users.id))
    .limit(USERS_SHOWN + 1)
  return all.map(({ id }) => id)
}

/** The first users of these accounts. */
async function findMembers(db: Reader, clientIds: string[]): Promise<string[]> {
  if (clientIds.length === 0) return []
  const member = db
    .select({ id: users.id })
    .from(users)
    .where(eq(users.clientId, clients.id))
    .orderBy(sortName, asc(users.id))
    .limit(USERS_SHOWN + 1)
    .as('member')
  const rows = await db
    .select({ id: member.id })
    .from(clients)
    .innerJoinLateral(member, sql`true`)
    .where(sql`${clients.id} = any(${uuidArray(clientIds)})`)
    .limit(USERS_SHOWN + 1)
  return rows.map(({ id }) => id)
}
