import { and, count, eq, gt, isNull, max, min, sql } from 'drizzle-orm'
import { adminsOf } from '../access/admins.queries.ts'
import type { Transaction } from '../platform/db/client.ts'
import { mfaResetDigests, mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { MINUTE } from '../platform/time/durations.ts'

/** Admins are told of so many resets one by one; of what comes on top within the window they are told together. */
export const TOLD_ONE_BY_ONE = 10
export const DIGEST_WINDOW_MS = 10 * MINUTE

interface Reset {
  id: string
  clientId: string
  requestedAt: Date
}

/** Whether an account had so many resets in the ten minutes before this one that its Admins get one mail for them. */
export async function isOneOfMany(tx: Transaction, { id, clientId, requestedAt }: Reset): Promise<boolean> {
  const earlier = await tx
    .select({ id: mfaResets.id })
    .from(mfaResets)
    .where(
      and(
        eq(mfaResets.clientId, clientId),
        gt(mfaResets.requestedAt, new Date(requestedAt.getTime() - DIGEST_WINDOW_MS)),
        sql`(${mfaResets.requestedAt}, ${mfaResets.id}) < (${requestedAt.toISOString()}::timestamptz, ${id}::uuid)`,
      ),
    )
    .limit(TOLD_ONE_BY_ONE)
  return earlier.length === TOLD_ONE_BY_ONE
}

/** Has a reset told with the open digest of its account; begins one if there is none. */
export async function joinDigest(tx: Transaction, reset: Reset, now: Date): Promise<void> {
  if (await joinOpenDigest(tx, reset)) return
  const endsAt = new Date(now.getTime() + DIGEST_WINDOW_MS)
  const [begun] = await tx
    .insert(mfaResetDigests)
    .values({ clientId: reset.clientId, endsAt })
    .onConflictDoNothing()
    .returning({ id: mfaResetDigests.id })
  if (begun) await enqueue(tx, 'send-reset-digest', { digestId: begun.id }, endsAt)
  if (!(await joinOpenDigest(tx, reset))) throw new Error('a digest was begun and sent at the same moment')
}

/** Its lock is shared: those who join it do not wait for each other, and the mail waits for them all. */
async function joinOpenDigest(tx: Transaction, { id, clientId }: Reset): Promise<boolean> {
  const open = tx
    .select({ id: mfaResetDigests.id })
    .from(mfaResetDigests)
    .where(and(eq(mfaResetDigests.clientId, clientId), isNull(mfaResetDigests.sentAt)))
    .for('key share')
    .as('open')
  const joined = await tx
    .update(mfaResets)
    .set({ digestId: sql`${open.id}` })
    .from(open)
    .where(eq(mfaResets.id, id))
    .returning({ id: mfaResets.id })
  return joined.length === 1
}

/**
 * Queues the mail of a digest to each Admin of its account. Forged or repeated it does nothing. Returns when to come
 * back if it is too early.
 */
export async function sendResetDigest(
  tx: Transaction,
  digestId: string,
  now: Date,
): Promise<{ again: Date } | null> {
  const [digest] = await tx
    .select()
    .from(mfaResetDigests)
    .where(and(eq(mfaResetDigests.id, digestId), isNull(mfaResetDigests.sentAt)))
    .for('update')
  if (!digest) return null
  if (now < digest.endsAt) return { again: digest.endsAt }

  const [resets] = await tx
    .select({ count: count(), from: min(mfaResets.requestedAt), until: max(mfaResets.requestedAt) })
    .from(mfaResets)
    .where(eq(mfaResets.digestId, digestId))
  await tx.update(mfaResetDigests).set({ sentAt: now }).where(eq(mfaResetDigests.id, digestId))
  if (!resets?.from || !resets.until) return null
  const facts = {
    resets: String(resets.count),
    from: resets.from.toISOString(),
    until: resets.until.toISOString(),
  }
  const admins = await adminsOf(tx, digest.clientId)
  await notifyAll(
    tx,
    admins.map((to) => ({ to, kind: 'mfa-reset-digest' as const, eventId: null, facts })),
  )
  return null
}
