import type { Sql } from 'postgres'
import type { PageLoad, PagesServed } from './page-load.tool.ts'
import type { SignInLoad, SignInsDone } from './people.tool.ts'
import type { Product } from './product.ts'
import type { Tool } from './tool.ts'

export interface Statements {
  /** Statements for each sign-in or page view, BEGIN and COMMIT counted. */
  each: number
  transactionsEach: number
  sessionWritesEach: number
  /** The different ones, the most frequent first. */
  texts: { callsEach: number; text: string }[]
}

const SIGN_INS = 20

/** What the web process asks of the database. Exact only while nothing but it does: before the worker starts. */
export async function measureStatements(
  { origin, database: { sql } }: Product,
  people: Tool<SignInLoad, SignInsDone>,
  pageLoad: Tool<PageLoad, PagesServed>,
): Promise<{ signIn: Statements; pageView: Statements; cookies: string[] }> {
  const someSignIns = { parallel: 1, warmUpMs: 0, measureMs: 60_000, atMost: SIGN_INS }
  await people.ask(someSignIns)

  await forget(sql)
  const { cookies, completed } = await people.ask(someSignIns)
  const signIn = await readStatements(sql, completed)

  await forget(sql)
  const { served } = await pageLoad.ask({ url: `${origin}/`, connections: 1, seconds: 1, cookies })
  return { signIn, pageView: await readStatements(sql, served), cookies }
}

async function forget(sql: Sql): Promise<void> {
  await sql`select pg_stat_statements_reset()`
}

async function readStatements(sql: Sql, times: number): Promise<Statements> {
  const rows = await sql<{ text: string; calls: number }[]>`
    select query as text, calls::int as calls from pg_stat_statements
    where query not like '%pg_stat_statements%' and query not like '%clock_timestamp%' order by calls desc`
  const callsOf = (pattern: RegExp) =>
    rows.reduce((sum, { text, calls }) => sum + (pattern.test(text) ? calls : 0), 0)
  // COMMIT is not among what PostgreSQL counts here; each BEGIN has one.
  const begun = callsOf(/^begin/i)
  return {
    each: (callsOf(/./s) + begun) / times,
    transactionsEach: begun / times,
    sessionWritesEach: callsOf(/^(insert into|update|delete from) "sessions"/) / times,
    texts: rows.map(({ text, calls }) => ({ callsEach: calls / times, text })),
  }
}
