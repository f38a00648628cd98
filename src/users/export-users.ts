import type { Account } from '../access/accounts.queries.ts'
import type { Deps } from '../deps.ts'
import { BYTE_ORDER_MARK, csvRows } from '../platform/http/csv.ts'
import { findUsers } from './find-users.queries.ts'
import { readUserCounts } from './headcounts.queries.ts'
import { mfaStatusOf } from './mfa-status.ts'
import type { UserFilters } from './user-filters.ts'
import { readUserRows } from './user-rows.queries.ts'
import { lockedUntilOf, type UserRow } from './user-view.ts'

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
  filters: UserFilters
  /** Called before each batch; throws once the person may no longer see the list. */
  mayGoOn: () => Promise<void>
}

/** The list as filtered and in its order, from its first page on. Reads on demand, batch by batch. */
export async function* exportedUsers(
  { db, clock }: Deps,
  { account, filters, mayGoOn }: ExportRequest,
): AsyncGenerator<string> {
  const { matching } = await readUserCounts(db, { ...account, now: clock.now() }, filters)
  let piece = `${BYTE_ORDER_MARK}${csvRows([COLUMNS])}`
  let after: string | null = ''
  while (after !== null) {
    await mayGoOn()
    const now = clock.now()
    const options = { matching, pageSize: BATCH }
    const page = await findUsers(db, { ...account, now }, { ...filters, before: '', after }, options)
    const rows = await readUserRows(db, page.ids)
    piece += csvRows(rows.map((row) => cellsOf(row, now)))
    after = page.next
    if (piece !== '') yield piece
    piece = ''
  }
}

function cellsOf(row: UserRow, now: Date): (string | null)[] {
  const { person, lastSignInAt, invitation } = row
  const mfa = mfaStatusOf(person, null, now)
  return [
    person.id,
    person.name,
    person.email,
    person.roleGroups.map(({ name }) => name).join(', '),
    person.status,
    mfa.state === 'active' ? 'enrolled' : 'not enrolled',
    mfa.required ? 'yes' : 'no',
    textOf(mfa.since),
    textOf(lockedUntilOf(row, now)),
    textOf(lastSignInAt),
    invitation && !invitation.usedAt ? textOf(invitation.expiresAt) : null,
  ]
}

function textOf(instant: Date | null): string | null {
  return instant?.toISOString() ?? null
}
