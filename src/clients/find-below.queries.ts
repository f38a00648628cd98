import { and, sql } from 'drizzle-orm'
import { selfAndBelow, withinSubtree } from '../access/hierarchy.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { containsWords } from '../platform/db/like.ts'
import { searchedText, users } from '../platform/db/schema/users.ts'
import { readOwnerOfAddress, readRareMatches, sampleTerm } from '../users/term-sample.queries.ts'
import { notWithdrawn } from '../users/user-lists.queries.ts'

const SHOWN = 50
const WINDOW = 20_000

export interface FoundBelow {
  userIds: string[]
  /** There are more, or the search has read as much as one request may. */
  more: boolean
}

/** People of the accounts below one whose name or e-mail address holds the term, which has at least 3 characters. */
export async function findBelow(db: Reader, clientId: string, term: string): Promise<FoundBelow> {
  const owner = term.includes('@') ? await findByAddress(db, clientId, term) : null
  if (owner !== null) return { userIds: [owner], more: false }

  const near = await findNear(db, clientId, term)
  if (near.isWhole || near.ids.length > SHOWN) return pageOf(near.ids)
  const { kind, rarestWords } = await sampleTerm(db, term)
  // A very common word makes the index of words read half of all people.
  if (kind === 'very common') return { userIds: near.ids, more: true }
  const within = and(
    sql`${users.clientId} = any(array(${selfAndBelow(clientId)}))`,
    sql`${users.clientId} <> ${clientId}`,
  )
  return pageOf(await readRareMatches(db, term, { rarestWords, within, most: SHOWN + 1 }))
}

async function findByAddress(db: Reader, clientId: string, term: string): Promise<string | null> {
  const user = await readOwnerOfAddress(db, term)
  if (!user || user.clientId === clientId) return null
  return (await withinSubtree(db, clientId, [user.clientId])).size > 0 ? user.id : null
}

/** Among the first people below, in the index of each account: all of them, unless the tree is large. */
async function findNear(
  db: Reader,
  clientId: string,
  term: string,
): Promise<{ ids: string[]; isWhole: boolean }> {
  const [row] = await db.execute<{ ids: string[]; read: number }>(sql`
    with near as materialized (
      select people.* from (${selfAndBelow(clientId)}) below cross join lateral (
        select ${users.id} as id, ${searchedText} as text from ${users}
        where ${users.clientId} = below.id and ${notWithdrawn} limit ${WINDOW}
      ) people
      where below.id <> ${clientId} limit ${WINDOW}
    )
    select to_json(array(select id from near where ${containsWords(sql`text`, term)} limit ${SHOWN + 1})) as ids,
      (select count(*) from near)::int as read`)
  if (!row) throw new Error('a count is always a row')
  return { ids: row.ids, isWhole: row.read < WINDOW }
}

function pageOf(ids: readonly string[]): FoundBelow {
  return { userIds: ids.slice(0, SHOWN), more: ids.length > SHOWN }
}
