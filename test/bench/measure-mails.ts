import { setTimeout as pause } from 'node:timers/promises'
import { isNull } from 'drizzle-orm'
import { NO_REQUEST, record } from '../../src/platform/audit/record.ts'
import type { Database } from '../../src/platform/db/client.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { notify } from '../../src/platform/mail/notify.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'

export interface Mails {
  count: number
  perSecond: number
}

const PATIENCE_MS = MINUTE

/** Queues `count` mails at once and waits until the worker has sent them all. */
export async function measureMails(db: Database, count: number): Promise<Mails> {
  const recipients = await db.select({ id: users.id, clientId: users.clientId }).from(users).limit(count)
  await db.transaction(async (tx) => {
    for (const { id, clientId } of recipients) {
      const eventId = await record(tx, {
        at: new Date(),
        action: 'password.changed',
        outcome: 'success',
        origin: NO_REQUEST,
        clientId,
        actorId: id,
        subjectId: id,
      })
      await notify(tx, { to: id, kind: 'password-changed', eventId, facts: {} })
    }
  })
  const began = performance.now()
  while ((await db.$count(notifications, isNull(notifications.sentAt))) > 0) {
    if (performance.now() - began > PATIENCE_MS) throw new Error('the worker does not send its mails')
    await pause(100)
  }
  return { count: recipients.length, perSecond: (recipients.length / (performance.now() - began)) * 1000 }
}
