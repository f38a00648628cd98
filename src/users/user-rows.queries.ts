import { and, desc, eq, sql } from 'drizzle-orm'
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
import type { Reader } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { lastSignIns } from '../platform/db/schema/listings.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { users } from '../platform/db/schema/users.ts'
import type { UserRow } from './user-view.ts'

const pending = alias(authenticators, 'pending_authenticators')

/** Reads these users in one query, in the order of the ids. Unknown ids are left out. */
export async function readUserRows(db: Reader, ids: readonly string[]): Promise<UserRow[]> {
  if (ids.length === 0) return []
  const rows = await rowsQuery(db).execute({ ids: ids.join(',') })
  return rows.flatMap((row) => {
    const person = toPerson(row.person, row.codeLockout)
    return person ? [{ ...row, person }] : []
  })
}

const { compare: byName } = new Intl.Collator('en')

/** The same in the order of people in other lists. */
export async function readUserRowsByName(db: Reader, ids: readonly string[]): Promise<UserRow[]> {
  return (await readUserRows(db, ids)).toSorted((a, b) => byName(a.person.name, b.person.name))
}

// Building it takes as long as rendering the list.
const rowsQuery = preparedOnce((db) => {
  const lastReset = db
    .select({ status: mfaResets.status, requestedAt: mfaResets.requestedAt })
    .from(mfaResets)
    .where(eq(mfaResets.userId, users.id))
    .orderBy(desc(mfaResets.id))
    .limit(1)
    .as('last_reset')
  const invitation = db
    .select({ expiresAt: invitations.expiresAt, usedAt: invitations.usedAt })
    .from(invitations)
    .where(and(eq(invitations.userId, users.id), eq(users.status, 'invited')))
    .orderBy(desc(invitations.createdAt))
    .limit(1)
    .as('invitation')
  const ids = sql`string_to_array(${sql.placeholder('ids')}, ',')::uuid[]`
  return db
    .select({
      person: personColumns,
      codeLockout: lockoutColumns,
      passwordLockedUntil,
      pendingUntil: pending.pendingUntil,
      lastSignInAt: sql<Date | null>`nullif(${lastSignIns.at}, '-infinity')`.mapWith(lastSignIns.at),
      reset: { status: lastReset.status, requestedAt: lastReset.requestedAt },
      invitation: { expiresAt: invitation.expiresAt, usedAt: invitation.usedAt },
    })
    .from(users)
    .innerJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .leftJoin(pending, and(eq(pending.userId, users.id), eq(pending.status, 'pending')))
    .leftJoin(lastSignIns, eq(lastSignIns.userId, users.id))
    .leftJoinLateral(invitation, sql`true`)
    .leftJoinLateral(lastReset, sql`true`)
    .where(sql`${users.id} = any(${ids})`)
    .orderBy(sql`array_position(${ids}, ${users.id})`)
    .prepare('read_user_rows')
})
