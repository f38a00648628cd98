import type { Deps } from '../deps.ts'
import { type AuditEntry, auditRows } from '../platform/audit/record.ts'
import { lockoutSetting } from './change-lockout.ts'
import { readLockout, type StoredLockout } from './lockouts.queries.ts'
import type { LockoutState } from './policy.ts'
import type { SpentAttempt } from './spend-attempt.ts'

/** Settles an attempt whose secret was right: changes the count and records `events` in one statement. */
export async function settleAttempt(
  { db, sql, ask, clock }: Deps,
  { key, stored }: SpentAttempt,
  decide: (state: StoredLockout) => LockoutState,
  events: readonly AuditEntry[],
): Promise<void> {
  for (let read = stored; ; read = await readLockout(db, key)) {
    const settled = await ask(
      () => sql`
        with settled as (
          update lockouts set ${lockoutSetting(sql, decide(read), clock.now())}
          where subject = ${key.subject} and kind = ${key.kind} and version = ${read.version}
          returning subject
        )
        insert into audit_events
        select event.* from settled, json_populate_recordset(null::audit_events, ${auditRows(events)}) event
        returning id`,
    )
    if (settled.length > 0) return
    if (read.version === 0) throw new Error('a spent attempt is gone')
  }
}
