import type { Account } from '../access/accounts.queries.ts'
import type { Deps } from '../deps.ts'
import { lockInForce } from '../lockout/policy.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import { BYTE_ORDER_MARK, csvRows } from '../platform/http/csv.ts'
import { findUsers } from './find-users.queries.ts'
import { readUserCounts } from './headcounts.queries.ts'
import { mfaStatusOf } from './mfa-status.ts'
import type { TypedUserFilters, UserFilters } from './user-filters.ts'
import { readUserRows } from './user-rows.queries.ts'
import type { UserRow } from './user-view.ts'

/** Small enough that other requests wait only for milliseconds. */
const BATCH = 500

const COLUMNS = [
  'id',
  'name',
  'email',
  'roleGroups',
  'status',
  'mfa',
  'mfaRequired',
  'enrolledAt',
  'lockedUntil',
  'lastSignInAt',
  'invitationExpiresAt',
] as const

interface ExportRequest {
  account: Account
  actorId: string
  typed: TypedUserFilters
  filters: UserFilters
  origin: Origin
  /** Called before each batch; throws once the person may no longer see the list. */
  mayGoOn: () => Promise<void>
}

/** Records an export of an account's users before it begins. */
export async function recordUserExport(
  { db, clock }: Deps,
  { account, actorId, typed, origin }: ExportRequest,
): Promise<void> {
  const given = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''))
  await db.transaction((tx) =>
    record(tx, {
      at: clock.now(),
      action: 'users.exported',
      outcome: 'success',
      origin,
      clientId: account.id,
      actorId,
      subjectId: null,
      details: { format: 'csv', ...given },
    }),
  )
}

/** The list as filtered and in its order, from its first page on. Reads on demand, batch by batch. */
export async function* exportedUsers(
  { db, clock }: Deps,
  { account, filters, mayGoOn }: ExportRequest,
): AsyncGenerator<string> {
  const { matching } = await readUserCounts(db, account, filters)
  let piece = `${BYTE_ORDER_MARK}${csvRows([COLUMNS])}`
  let after: string | null = ''
  while (after !== null) {
    await mayGoOn()
    const now = clock.now()
    const options = { now, matching, pageSize: BATCH }
    const page = await findUsers(db, account, { ...filters, before: '', after }, options)
    const rows = await readUserRows(db, page.ids)
    piece += csvRows(rows.map((row) => cellsOf(row, now)))
    after = page.next
    if (piece !== '') yield piece
    piece = ''
  }
}

function cellsOf(row: UserRow, now: Date): (string | null)[] {
  const { person, passwordLockedUntil, lastSignInAt, invitation } = row
  const mfa = mfaStatusOf(person, null, now)
  const locks = [lockInForce(person.codeLockout, now), passwordLockedUntil]
  const lockedUntil = Math.max(...locks.map((until) => until?.getTime() ?? 0))
  return [
    person.id,
    person.name,
    person.email,
    person.roleGroups.map(({ name }) => name).join(', '),
    person.status,
    mfa.state === 'active' ? 'enrolled' : 'not enrolled',
    mfa.required ? 'yes' : 'no',
    textOf(mfa.since),
    lockedUntil > now.getTime() ? textOf(new Date(lockedUntil)) : null,
    textOf(lastSignInAt),
    invitation && !invitation.usedAt ? textOf(invitation.expiresAt) : null,
  ]
}

function textOf(instant: Date | null): string | null {
  return instant?.toISOString() ?? null
}
