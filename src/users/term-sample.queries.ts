import { and, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { contains, containsWords } from '../platform/db/like.ts'
import { sampleOf } from '../platform/db/sample.ts'
import { searchedText, users } from '../platform/db/schema/users.ts'
import { SHORTEST_TERM } from '../platform/http/list-query.ts'

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
