import { and, asc, eq, isNull, lte, or } from 'drizzle-orm'
import { accountById } from '../access/accounts.queries.ts'
import type { Transaction } from '../platform/db/client.ts'
import { listings } from '../platform/db/schema/listings.ts'
import { users } from '../platform/db/schema/users.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { matchesFilters } from '../users/matches-filters.queries.ts'
import { REMINDER_REST_MS } from './reminder-times.ts'
import { sendReminders } from './send-reminders.ts'

const BATCH = 500

/**
 * Queues one mail to each active user of an account who must still set up MFA and had none within a day. A full batch
 * enqueues the next one. Repeated, it mails no user twice.
 */
export async function remindOfMfa(
  tx: Transaction,
  { clientId, eventId }: { clientId: string; eventId: string },
  now: Date,
): Promise<void> {
  const [account] = await accountById(tx, clientId)
  if (!account || account.suspendedAt) return
  const overdue = await tx
    .select({ id: users.id })
    .from(users)
    .innerJoin(listings, and(eq(listings.userId, users.id), eq(listings.listedUnder, account.id)))
    .where(
      and(
        eq(users.clientId, account.id),
        or(isNull(users.mfaRemindedAt), lte(users.mfaRemindedAt, new Date(now.getTime() - REMINDER_REST_MS))),
        matchesFilters(
          users.id,
          { ...account, now },
          { role: '', status: 'active', mfa: 'required-missing' },
        ),
      ),
    )
    .orderBy(asc(users.id))
    .limit(BATCH)
    .for('no key update', { of: users })
  if (overdue.length === 0) return
  const ids = overdue.map(({ id }) => id)
  await sendReminders(tx, ids, { eventId, now })
  if (ids.length === BATCH) await enqueue(tx, 'remind-of-mfa', { clientId, eventId })
}
