import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { contains, containsWords } from '../platform/db/like.ts'
import { sampleOf } from '../platform/db/sample.ts'
import { foldedEmail, searchedText, users } from '../platform/db/schema/users.ts'
import { canonicalEmail } from '../platform/http/email-address.ts'
import { SHORTEST_TERM } from '../platform/http/list-query.ts'
import { notWithdrawn } from './user-lists.queries.ts'

const SAMPLE = 500
const WORDS_AT_MOST = 8

export interface TermSample {
  /** Rare terms are searched in the trigram index, common ones by scanning. */
  kind: 'rare' | 'common' | 'very common'
  /** The one or two rarest words of the term. A common word would make the trigram index read half of all users. */
  rarestWords: string[]
}

export async function sampleTerm(db: Reader, term: string): Promise<TermSample> {
  const words = [...new Set(term.split(/[^\p{L}\p{N}]+/u))].filter(({ length }) => length >= SHORTEST_TERM)
  const texts = [term, ...words.slice(0, WORDS_AT_MOST)]
  const counts = texts.map(
    (text, index) =>
      sql`count(*) filter (where ${containsWords(searchedText, text)})::int as ${sql.identifier(`text${index}`)}`,
  )
  const [row] = await db.execute<Record<string, number>>(
    sql`select ${sql.join(counts, sql`, `)} from ${sampleOf(users, SAMPLE)}`,
  )
  const [whole, ...each] = texts.map((text, index) => ({ text, held: row?.[`text${index}`] ?? 0 }))
  const [rarest, second] = each.toSorted((a, b) => a.held - b.held || b.text.length - a.text.length)
  const held = whole?.held ?? 0
  return {
    kind: held < 2 ? 'rare' : held < 10 ? 'common' : 'very common',
    rarestWords: rarest ? [rarest.text, ...(second && rarest.held > 0 ? [second.text] : [])] : [term],
  }
}

/** The condition that a user's text contains the term, answered by the trigram index. */
export function containsRareTerm(term: string, rarestWords: readonly string[]): SQL | undefined {
  return and(
    ...rarestWords.map((text) => contains(searchedText, text)),
    containsWords(sql`(${searchedText} || '')`, term),
  )
}

/** The user with exactly this e-mail address. */
export async function readOwnerOfAddress(
  db: Reader,
  address: string,
): Promise<{ id: string; clientId: string } | null> {
  const [user] = await db
    .select({ id: users.id, clientId: users.clientId })
    .from(users)
    .where(and(eq(foldedEmail(users.email), canonicalEmail(address)), notWithdrawn))
  return user ?? null
}

/** The ids of at most `most` users whose text contains the term, unsorted. `within`: a further condition. */
export async function readRareMatches(
  db: Reader,
  term: string,
  { rarestWords, within, most }: { rarestWords: readonly string[]; within?: SQL | undefined; most: number },
): Promise<string[]> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(containsRareTerm(term, rarestWords), notWithdrawn, within))
    .limit(most)
  return rows.map(({ id }) => id)
}
