import { and, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { contains } from '../platform/db/like.ts'
import { sampleOf } from '../platform/db/sample.ts'
import { searchedText, users } from '../platform/db/schema/users.ts'
import { SHORTEST_TERM } from '../platform/http/list-query.ts'

const SAMPLE = 500
const WORDS_AT_MOST = 8

export interface TermSample {
  /** How common the term is among all users: rare ones are found by their trigrams, common ones by looking around. */
  kind: 'rare' | 'common' | 'very common'
  /**
   * What to ask the index of trigrams for, instead of all of the term: the one or two words of it that are the rarest.
   * Asked for those that stand in half of all addresses, it would read a list of half of all users.
   */
  askedFor: string[]
}

/** Looks for a term, and its words, among a few hundred users from all over the table. */
export async function sampleTerm(db: Reader, term: string): Promise<TermSample> {
  const words = [...new Set(term.split(/[^\p{L}\p{N}]+/u))].filter(({ length }) => length >= SHORTEST_TERM)
  const texts = [term, ...words.slice(0, WORDS_AT_MOST)]
  const counts = texts.map(
    (text, index) =>
      sql`count(*) filter (where ${contains(searchedText, text)})::int as ${sql.identifier(`text${index}`)}`,
  )
  const [row] = await db.execute<Record<string, number>>(
    sql`select ${sql.join(counts, sql`, `)} from ${sampleOf(users, SAMPLE)}`,
  )
  const [whole, ...each] = texts.map((text, index) => ({ text, held: row?.[`text${index}`] ?? 0 }))
  const [rarest, second] = each.toSorted((a, b) => a.held - b.held || b.text.length - a.text.length)
  const held = whole?.held ?? 0
  return {
    kind: held < 2 ? 'rare' : held < 10 ? 'common' : 'very common',
    askedFor: rarest ? [rarest.text, ...(second && rarest.held > 0 ? [second.text] : [])] : [term],
  }
}

/** Whether a user holds the term, asked of the index by what of it is rare. */
export function holdsRareTerm(term: string, askedFor: readonly string[]): SQL | undefined {
  return and(
    ...askedFor.map((text) => contains(searchedText, text)),
    contains(sql`(${searchedText} || '')`, term),
  )
}
