import { sql } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { auditEvents } from '../db/schema/audit-events.ts'
import { signInCounts } from '../db/schema/operations.ts'
import { uuidArray } from '../db/uuid-array.ts'

/** Adds these events to the counts of their minutes. Called once for each event, in the transaction that seals it. */
export async function countSignIns(tx: Transaction, eventIds: readonly string[]): Promise<void> {
  await tx.execute(sql`
    insert into ${signInCounts} (minute, kind, events)
    select date_trunc('minute', at, 'UTC'),
      (case when action = 'sign-in.completed' then 'completed' when outcome = 'failure' then 'failed' else 'refused' end)::sign_in_kind,
      count(*)
    from ${auditEvents}
    where id = any(${uuidArray(eventIds)}) and (
      (action = 'sign-in.completed' and outcome = 'success')
      or (action in ('sign-in.password', 'sign-in.code') and outcome in ('failure', 'refused'))
    )
    group by 1, 2
    on conflict (minute, kind) do update set events = ${signInCounts.events} + excluded.events`)
}
