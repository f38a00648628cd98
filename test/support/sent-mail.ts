// A mail as the worker sends it, without a mail server.
import assert from 'node:assert/strict'
import { and, desc, eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import type { NotificationKind } from '../../src/platform/mail/kinds.ts'
import type { AddressedMail } from '../../src/platform/mail/mailer.ts'
import { sendNotification } from '../../workers/send-notification.ts'
import type { TestApp } from './app.ts'

/** The last mail of this kind that concerns a user. Null: the worker sends none. */
export async function sentMail(
  app: TestApp,
  userId: string,
  kind: NotificationKind,
): Promise<AddressedMail | null> {
  const [row] = await app.deps.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipientId, userId), eq(notifications.kind, kind)))
    .orderBy(desc(notifications.id))
    .limit(1)
  assert.ok(row, kind)
  const sent: AddressedMail[] = []
  const mailer = { send: async (mail: AddressedMail) => void sent.push(mail), close: () => {} }
  await app.deps.db.transaction((tx) =>
    sendNotification({ notificationId: row.id }, tx, { ...app.deps, mailer }),
  )
  return sent[0] ?? null
}

/** Text and HTML say the same. */
export function says(mail: AddressedMail | null, sentence: RegExp): void {
  assert.ok(mail, 'it was sent')
  for (const body of [mail.text, mail.html.replace(/<[^>]+>/g, '').replaceAll('&quot;', '"')])
    assert.match(body.replace(/\s+/g, ' '), sentence)
}
