import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  passwordLockedUntil,
  personColumns,
  toPerson,
} from '../gate/person-row.ts'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { users } from '../platform/db/schema/users.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { sortName } from './user-lists.queries.ts'
import type { UserRow } from './user-view.ts'

const pending = alias(authenticators, 'pending_authenticators')

/** Reads these users in one query, ordered by name. Unknown ids are left out. */
export async function readUserRows(db: Reader, ids: readonly string[]): Promise<UserRow[]> {
  if (ids.length === 0) return []
  const withCode = lastSuccess(db, 'sign-in.completed', 'with_code')
  const withPassword = lastSuccess(db, 'sign-in.password', 'with_password')
  const lastReset = db
    .select({ status: mfaResets.status, requestedAt: mfaResets.requestedAt })
    .from(mfaResets)
    .where(eq(mfaResets.userId, users.id))
    .orderBy(desc(mfaResets.id))
    .limit(1)
    .as('last_reset')
  const rows = await db
    .select({
      person: personColumns,
      codeLockout: lockoutColumns,
      passwordLockedUntil,
      pendingUntil: pending.pendingUntil,
      signedInWithCodeAt: withCode.at,
      passwordAcceptedAt: withPassword.at,
      reset: { status: lastReset.status, requestedAt: lastReset.requestedAt },
    })
    .from(users)
    .innerJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .leftJoin(pending, and(eq(pending.userId, users.id), eq(pending.status, 'pending')))
    .leftJoinLateral(withCode, sql`true`)
    .leftJoinLateral(withPassword, sql`true`)
    .leftJoinLateral(lastReset, sql`true`)
    .where(sql`${users.id} = any(${uuidArray(ids)})`)
    .orderBy(sortName, asc(users.id))
  return rows.flatMap((row) => {
    const person = toPerson(row.person, row.codeLockout)
    return person ? [{ ...row, person }] : []
  })
}

/** The action is a literal, because PostgreSQL matches a partial index only against literals. */
function lastSuccess(db: Reader, action: AuditAction, name: string) {
  return db
    .select({ at: auditEvents.at })
    .from(auditEvents)
    .where(
      sql`${auditEvents.subjectId} = ${users.id} and ${auditEvents.outcome} = 'success'
        and ${auditEvents.action} = ${sql.raw(`'${action}'`)}`,
    )
    .orderBy(desc(auditEvents.id))
    .limit(1)
    .as(name)
}
