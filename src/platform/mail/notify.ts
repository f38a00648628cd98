import type { Transaction } from '../db/client.ts'
import { notifications } from '../db/schema/notifications.ts'
import { enqueueAll } from '../outbox/enqueue.ts'
import type { NotificationFacts, NotificationKind } from './kinds.ts'

export interface PendingMail<Kind extends NotificationKind> {
  to: string | null
  kind: Kind
  eventId: string | null
  facts: NotificationFacts[Kind]
}

/** A statement takes at most 65,534 parameters. */
const ROWS_A_STATEMENT = 1_000

/** Queues an e-mail in the caller's transaction. The worker sends it. */
export function notify<Kind extends NotificationKind>(
  tx: Transaction,
  mail: PendingMail<Kind>,
): Promise<void> {
  return notifyAll(tx, [mail])
}

export async function notifyAll<Kind extends NotificationKind>(
  tx: Transaction,
  mails: readonly PendingMail<Kind>[],
): Promise<void> {
  for (let first = 0; first < mails.length; first += ROWS_A_STATEMENT) {
    const batch = mails.slice(first, first + ROWS_A_STATEMENT)
    const rows = await tx
      .insert(notifications)
      .values(batch.map(({ to, facts, ...mail }) => ({ ...mail, recipientId: to, facts: { ...facts } })))
      .returning({ notificationId: notifications.id })
    await enqueueAll(tx, 'send-notification', rows)
  }
}
