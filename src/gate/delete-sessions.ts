import { type SQL, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { sessionEnds, sessions } from '../platform/db/schema/sessions.ts'
import type { SessionEnd } from '../platform/session-end.ts'

/** Deletes sessions and keeps the reason for the browsers that come back with their cookies. Returns how many. */
export async function deleteSessions(
  tx: Transaction,
  which: SQL | undefined,
  because: SessionEnd,
  now: Date,
): Promise<number> {
  const kept = await tx.execute(sql`
    with ended as (delete from ${sessions} where ${which} returning ${sessions.id}, ${sessions.userId})
    insert into ${sessionEnds} (session_id, user_id, because, ended_at)
    select id, user_id, ${because}, ${sql.param(now, sessionEnds.endedAt)} from ended
    on conflict (session_id) do nothing
    returning session_id`)
  return kept.length
}
