import { and, eq, isNull, lte, or } from 'drizzle-orm'
import { ABANDONED_AFTER_MS, WARN_USER_EVERY_MS, warnsAtOnce } from '../lockout/warnings.ts'
import type { Transaction } from '../platform/db/client.ts'
import { doubtfulSignIns, lockouts } from '../platform/db/schema/lockouts.ts'
import { notify } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'

/**
 * Warns a user whose password was followed by wrong codes. After the first wrong code of a sign-in only a job is queued,
 * which warns if no code is accepted in it.
 */
export async function warnOfWrongCode(
  tx: Transaction,
  {
    now,
    inARow,
    ...failed
  }: { userId: string; sessionId: string; eventId: string; inARow: number; now: Date },
): Promise<void> {
  const { userId, eventId } = failed
  if (warnsAtOnce(inARow) || !(await becomesDoubtful(tx, { ...failed, failedAt: now })))
    return warn(tx, { userId, eventId, after: 'again' }, now)
  const dueAt = new Date(now.getTime() + ABANDONED_AFTER_MS)
  await enqueue(tx, 'warn-of-abandoned-sign-in', { eventId }, dueAt)
}

/** Late or repeated it does nothing more. Returns when to run again if it is too early. */
export async function warnOfAbandonedSignIn(
  tx: Transaction,
  eventId: string,
  now: Date,
): Promise<{ again: Date } | null> {
  const isOfEvent = eq(doubtfulSignIns.eventId, eventId)
  const [doubtful] = await tx.select().from(doubtfulSignIns).where(isOfEvent).for('update')
  if (!doubtful) return null
  const abandonedAt = new Date(doubtful.failedAt.getTime() + ABANDONED_AFTER_MS)
  if (now < abandonedAt) return { again: abandonedAt }
  await tx.delete(doubtfulSignIns).where(isOfEvent)
  await warn(tx, { userId: doubtful.userId, eventId, after: 'abandoned' }, now)
  return null
}

/** False for a sign-in that had a wrong code before. */
async function becomesDoubtful(
  tx: Transaction,
  failed: typeof doubtfulSignIns.$inferInsert,
): Promise<boolean> {
  const added = await tx
    .insert(doubtfulSignIns)
    .values(failed)
    .onConflictDoNothing()
    .returning({ sessionId: doubtfulSignIns.sessionId })
  return added.length === 1
}

async function warn(
  tx: Transaction,
  { userId, eventId, after }: { userId: string; eventId: string; after: 'again' | 'abandoned' },
  now: Date,
): Promise<void> {
  if (await warningIsDue(tx, userId, now))
    await notify(tx, { to: userId, kind: 'code-failed', eventId, facts: { after } })
}

/** One conditional UPDATE: one mail an hour, also among parallel failures. */
async function warningIsDue(tx: Transaction, userId: string, now: Date): Promise<boolean> {
  const anHourAgo = new Date(now.getTime() - WARN_USER_EVERY_MS)
  const due = await tx
    .update(lockouts)
    .set({ warnedAt: now })
    .where(
      and(
        eq(lockouts.subject, userId),
        eq(lockouts.kind, 'code'),
        or(isNull(lockouts.warnedAt), lte(lockouts.warnedAt, anHourAgo)),
      ),
    )
    .returning({ subject: lockouts.subject })
  return due.length === 1
}
