import { and, asc, eq, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { contains } from '../platform/db/like.ts'
import { sampleOf } from '../platform/db/sample.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { searchedText, users } from '../platform/db/schema/users.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { readOwnerOfAddress, readRareMatches, sampleTerm } from '../users/term-sample.queries.ts'
import { notWithdrawn, sortName } from '../users/user-lists.queries.ts'

const ACCOUNTS_SHOWN = 10
const USERS_SHOWN = 50
const WINDOW = 20_000

export interface FoundAnywhere {
  accounts: { id: string; name: string }[]
  userIds: string[]
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

/** The owner of the exact e-mail address; else any 50 matches of a common term, or all matches of a rare one. */
async function findPeople(db: Reader, term: string): Promise<string[]> {
  const owner = term.includes('@') ? await readOwnerOfAddress(db, term) : null
  if (owner !== null) return [owner.id]

  const { kind, rarestWords } = await sampleTerm(db, term)
  const some = kind === 'rare' ? [] : await findSome(db, term)
  // Unsorted: if there are more than fit on the page, it asks for a longer term.
  return some.length > USERS_SHOWN ? some : readRareMatches(db, term, { rarestWords, most: USERS_SHOWN + 1 })
}

/** Reads a bounded sample, which holds enough matches of a common term. */
async function findSome(db: Reader, term: string): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select ${users.id} as id from ${sampleOf(users, WINDOW)}
    where ${contains(searchedText, term)} and ${notWithdrawn} limit ${USERS_SHOWN + 1}`)
  return rows.map(({ id }) => id)
}

async function findMembers(db: Reader, clientIds: string[]): Promise<string[]> {
  if (clientIds.length === 0) return []
  const member = db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.clientId, clients.id), notWithdrawn))
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
