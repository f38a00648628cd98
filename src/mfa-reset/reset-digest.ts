import { and, count, eq, gt, isNull, max, min, sql } from 'drizzle-orm'
import { adminsOf } from '../access/admins.queries.ts'
import type { Transaction } from '../platform/db/client.ts'
import { mfaResetDigests, mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { MINUTE } from '../platform/time/durations.ts'

/** Within the window, the Admins get one mail for each of so many resets. Further resets go into one digest. */
export const SINGLE_MAILS = 10
export const DIGEST_WINDOW_MS = 10 * MINUTE

interface Reset {
  id: string
  clientId: string
  requestedAt: Date
}

/** Whether the account had `SINGLE_MAILS` resets within the window before this one. */
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
    .limit(SINGLE_MAILS)
  return earlier.length === SINGLE_MAILS
}

/** Adds a reset to the open digest of its account, and opens one if there is none. */
export async function joinDigest(tx: Transaction, reset: Reset, now: Date): Promise<void> {
  if (await joinOpenDigest(tx, reset)) return
  const endsAt = new Date(now.getTime() + DIGEST_WINDOW_MS)
  const [opened] = await tx
    .insert(mfaResetDigests)
    .values({ clientId: reset.clientId, endsAt })
    .onConflictDoNothing()
    .returning({ id: mfaResetDigests.id })
  if (opened) await enqueue(tx, 'send-reset-digest', { digestId: opened.id }, endsAt)
  if (!(await joinOpenDigest(tx, reset))) throw new Error('a digest was opened and sent at the same moment')
}

/** Takes a shared lock: resets that join do not wait for each other, and the mail waits for all of them. */
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

/** Queues the mail of a due digest to each Admin of its account. Returns when to run again if it is too early. */
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
