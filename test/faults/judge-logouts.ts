// Whether the application was told of each session that ended, and of no other.
import type postgres from 'postgres'
import type { RelyingParty } from './applications.ts'
import { grouped } from './grouped.ts'

export interface LogoutsVerdict {
  violations: string[]
  told: number
  /** Told again: the worker died after it had told, and before it had recorded that. */
  toldAgain: number
}

export async function judgeLogouts(
  sql: postgres.Sql,
  party: RelyingParty,
  received: readonly string[],
): Promise<LogoutsVerdict> {
  const grants = await sql<{ sid: string; userId: string; hasEnded: boolean }[]>`
    select sid, user_id as "userId", session_id is null or ended_at is not null as "hasEnded" from oidc_grants`
  const tokens = await Promise.all(received.map((token) => party.readLogoutToken(token)))
  const bySid = grouped(tokens, ({ sid }) => sid)
  const violations: string[] = []
  for (const { sid, userId, hasEnded } of grants) {
    const own = bySid.get(sid) ?? []
    bySid.delete(sid)
    if (hasEnded && own.length === 0) violations.push(`not told of the end of a session: ${sid}`)
    if (!hasEnded && own.length > 0) violations.push(`told of the end of a session that lasts: ${sid}`)
    if (own.some(({ sub }) => sub !== userId)) violations.push(`told of another user: ${sid}`)
  }
  for (const sid of bySid.keys()) violations.push(`told of no session: ${sid}`)
  const told = new Set(tokens.map(({ sid }) => sid)).size
  return { violations, told, toldAgain: tokens.length - told }
}
