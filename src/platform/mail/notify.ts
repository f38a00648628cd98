import { sql } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Transaction } from '../db/client.ts'
import { preparedOnce } from '../db/prepared-once.ts'
import { notifications } from '../db/schema/notifications.ts'
import { enqueue, enqueueAll } from '../outbox/enqueue.ts'
import type { NotificationFacts, NotificationKind } from './kinds.ts'

export interface OwedMail<Kind extends NotificationKind> {
  /** The user's id; null where there turned out to be none. */
  to: string | null
  kind: Kind
  /** The audit event it tells of; null only where none was written. */
  eventId: string | null
  facts: NotificationFacts[Kind]
}

/** As many rows as one statement takes parameters for, with room to spare. */
const ROWS_A_STATEMENT = 1_000

/** Owes a user a mail: written with the change it tells of, sent by the worker. */
export async function notify<Kind extends NotificationKind>(tx: Transaction, mail: OwedMail<Kind>) {
  const { to, kind, eventId, facts } = mail
  const id = uuidv7()
  // Neither needs what the other one answers: they go to the database together, not one after the other.
  await Promise.all([
    insertNotification(tx).execute({ id, recipientId: to, kind, eventId, facts }),
    enqueue(tx, 'send-notification', { notificationId: id }),
  ])
}

const insertNotification = preparedOnce((tx: Transaction) =>
  tx
    .insert(notifications)
    .values({
      id: sql.placeholder('id'),
      recipientId: sql.placeholder('recipientId'),
      kind: sql.placeholder('kind'),
      eventId: sql.placeholder('eventId'),
      facts: sql.placeholder('facts'),
    })
    .prepare('insert_notification'),
)

/** Owes mails of one kind, in a few statements however many they are. */
export async function notifyAll<Kind extends NotificationKind>(
  tx: Transaction,
  mails: readonly OwedMail<Kind>[],
): Promise<void> {
  for (let first = 0; first < mails.length; first += ROWS_A_STATEMENT) {
    const rows = await tx
      .insert(notifications)
      .values(
        mails
          .slice(first, first + ROWS_A_STATEMENT)
          .map(({ to, kind, eventId, facts }) => ({ recipientId: to, kind, eventId, facts: { ...facts } })),
      )
      .returning({ id: notifications.id })
    await enqueueAll(
      tx,
      'send-notification',
      rows.map(({ id }) => ({ notificationId: id })),
    )
  }
}
