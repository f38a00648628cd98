import { and, asc, desc, eq, ne, sql } from 'drizzle-orm'
import { MAX_CONSECUTIVE_CODE_FAILURES } from '../lockout/policy.ts'
import { type ResetRequests, readRequestsForDesk } from '../mfa-reset/reset-requests.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { users } from '../platform/db/schema/users.ts'
import { type LockedPeople, readLockedAdmins } from '../users/locked-out.queries.ts'

const SHOWN = 20

export interface CasePerson {
  id: string
  name: string
  clientName: string
  since: Date
}

export interface CaseList {
  people: CasePerson[]
  more: boolean
}

export interface Cases {
  resetRequests: ResetRequests
  resets: CaseList
  switchedOff: CaseList
  lockedAdmins: LockedPeople
}

/** What waits for the Service Desk, in all accounts. */
export async function readCases(db: Reader, now: Date): Promise<Cases> {
  const [resetRequests, resets, switchedOff, lockedAdmins] = await Promise.all([
    readRequestsForDesk(db, now),
    readResetsInProgress(db),
    readSwitchedOff(db),
    readLockedAdmins(db, now),
  ])
  return { resetRequests, resets, switchedOff, lockedAdmins }
}

/** Resets whose job is not done, the oldest first. */
async function readResetsInProgress(db: Reader): Promise<CaseList> {
  const rows = await db
    .select({ id: users.id, name: users.name, clientName: clients.name, since: mfaResets.requestedAt })
    .from(mfaResets)
    .innerJoin(users, eq(users.id, mfaResets.userId))
    .innerJoin(clients, eq(clients.id, mfaResets.clientId))
    .where(eq(mfaResets.status, sql`'requested'`))
    .orderBy(asc(mfaResets.requestedAt))
    .limit(SHOWN + 1)
  return listOf(rows)
}

/** Authenticators that too many wrong codes in a row have switched off; only a reset helps. The latest first. */
async function readSwitchedOff(db: Reader): Promise<CaseList> {
  const rows = await db
    .select({ id: users.id, name: users.name, clientName: clients.name, since: lockouts.updatedAt })
    .from(lockouts)
    .innerJoin(users, eq(users.id, lockouts.subject))
    .innerJoin(clients, eq(clients.id, users.clientId))
    .innerJoin(authenticators, and(eq(authenticators.userId, users.id), eq(authenticators.status, 'active')))
    .where(
      and(
        // Literal, as in the partial index.
        eq(lockouts.kind, sql`'code'`),
        sql`${lockouts.consecutiveFailures} >= ${sql.raw(String(MAX_CONSECUTIVE_CODE_FAILURES))}`,
        ne(users.status, 'disabled'),
      ),
    )
    .orderBy(desc(lockouts.updatedAt))
    .limit(SHOWN + 1)
  return listOf(rows)
}

function listOf(rows: readonly CasePerson[]): CaseList {
  return { people: rows.slice(0, SHOWN), more: rows.length > SHOWN }
}
