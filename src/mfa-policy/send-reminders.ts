import { inArray } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { notifyAll } from '../platform/mail/notify.ts'

/** Queues a reminder to set up MFA for each of these users, whom the caller has locked. */
export async function sendReminders(
  tx: Transaction,
  userIds: readonly string[],
  { eventId, now }: { eventId: string; now: Date },
): Promise<void> {
  await tx
    .update(users)
    .set({ mfaRemindedAt: now })
    .where(inArray(users.id, [...userIds]))
  await notifyAll(
    tx,
    userIds.map((to) => ({ to, kind: 'mfa-reminder' as const, eventId, facts: {} })),
  )
}
