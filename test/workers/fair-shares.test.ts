// A burst of one person delays neither other people nor other accounts, nor links that a user waits for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNull } from 'drizzle-orm'
import { NO_REQUEST, record } from '../../src/platform/audit/record.ts'
import { newLinkToken } from '../../src/platform/crypto/link-token.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { invitations, passwordResets } from '../../src/platform/db/schema/links.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import type { NotificationKind } from '../../src/platform/mail/kinds.ts'
import { notifyAll } from '../../src/platform/mail/notify.ts'
import { QUEUES } from '../../src/platform/outbox/jobs.ts'
import { openQueueEngine } from '../../src/platform/outbox/queues.ts'
import { HOUR } from '../../src/platform/time/durations.ts'
import { dispatchBatch } from '../../workers/dispatch-batch.ts'
import { onEachEngine, present, type WorkerFixture } from './worker-fixture.ts'

/** More than a batch of the relay. */
const BURST = 220
/** A burst that is in the queue already. */
const IN_QUEUE = 50
/** Mails that are sent at a time, and the first of each share. */
const AT_MOST_BEFORE = 10

onEachEngine('fair shares', (fixture) => {
  test('the alert caused by another person overtakes a burst of alerts in the queue and one in the outbox', async () => {
    const [busy, other] = [await addUser('busy'), await addUser('other')]
    const engine = openQueueEngine(fixture.config, fixture.log)
    for (const dispatched of [true, false]) {
      await mailAbout(busy, Array(dispatched ? IN_QUEUE : BURST).fill(fixture.userId))
      if (dispatched) while (await dispatchBatch(fixture.db, engine, fixture.clock.now()));
      const [live] = await mailAbout(other, [fixture.userId])
      const before = fixture.mailServer.received.length

      await fixture.startWorker()
      await fixture.allDone(100_000)
      await fixture.stopWorkers()

      const place = fixture.mailServer.received.findIndex(({ messageId }) =>
        messageId.includes(present(live)),
      )
      assert.ok(place >= before)
      // The first of the burst are sent while the relay adds this one. A row that is not in the queue yet waits for the
      // first batch, with its newest rows in it.
      assert.ok(place - before <= (dispatched ? IN_QUEUE / 2 : 50), `place ${place - before}`)
    }
    await engine.close()
  })

  test('mails that users of an account cause themselves count for the account, and another account overtakes them', async () => {
    const crowd = await Promise.all(Array.from({ length: 40 }, (_, i) => addUser(`crowd${i}`)))
    const [elsewhere] = await fixture.db.insert(clients).values({ name: 'Elsewhere' }).returning()
    const alone = await addUser('alone', present(elsewhere).id)
    for (const person of crowd) await mailAbout(person, [person])
    const [live] = await mailAbout(alone, [alone])

    const order = await orderOfSending(fixture)

    assert.ok(order.indexOf(present(live)) <= AT_MOST_BEFORE, `place ${order.indexOf(present(live))}`)
  })

  test('a reset link goes before alerts, and alerts before invitations', async () => {
    const busy = await addUser('inviter')
    const invited = await Promise.all(Array.from({ length: 40 }, (_, i) => addUser(`new${i}`)))
    const expiresAt = new Date(Date.now() + HOUR)
    const invitationOf = new Map<string, string>()
    for (const userId of invited) {
      const id = crypto.randomUUID()
      const { hash } = newLinkToken('invitation', id, fixture.config.ENCRYPTION_KEYS)
      await fixture.db.insert(invitations).values({ id, userId, tokenHash: hash, expiresAt })
      invitationOf.set(userId, id)
    }
    await mailAbout(busy, invited, 'invitation', (userId) => ({
      invitationId: invitationOf.get(userId) ?? '',
    }))
    const alerts = await mailAbout(busy, Array(20).fill(fixture.userId))
    const id = crypto.randomUUID()
    const { hash } = newLinkToken('password-reset', id, fixture.config.ENCRYPTION_KEYS)
    await fixture.db.insert(passwordResets).values({ id, userId: fixture.userId, tokenHash: hash, expiresAt })
    const [link] = await mailAbout(null, [fixture.userId], 'password-reset', () => ({ passwordResetId: id }))

    const order = await orderOfSending(fixture)

    assert.equal(order.length, 61)
    // Four are sent at a time, and may finish in any order.
    assert.ok(order.indexOf(present(link)) < 4, `link at ${order.indexOf(present(link))}`)
    const last = Math.max(...alerts.map((alert) => order.indexOf(alert)))
    assert.ok(last < 1 + 20 + 4, `the last alert at ${last}`)
  })

  let counter = 0
  async function addUser(name: string, clientId?: string): Promise<string> {
    counter += 1
    const [account] = await fixture.db.select().from(clients).limit(1)
    const [user] = await fixture.db
      .insert(users)
      .values({
        clientId: clientId ?? present(account).id,
        email: `${name}${counter}@harbour.example`,
        name,
      })
      .returning()
    return present(user).id
  }

  /** Queues mails about what a person did. Returns the ids of the notifications. */
  async function mailAbout(
    actorId: string | null,
    recipients: readonly string[],
    kind: NotificationKind = 'password-changed',
    factsOf: (recipient: string) => Record<string, string> = () => ({}),
  ): Promise<string[]> {
    return fixture.db.transaction(async (tx) => {
      const [account] = await tx.select().from(clients).limit(1)
      const eventId = await record(tx, {
        at: new Date(),
        action: 'password.changed',
        outcome: 'success',
        origin: NO_REQUEST,
        clientId: present(account).id,
        actorId,
        subjectId: null,
      })
      await notifyAll(
        tx,
        recipients.map((to) => ({ to, kind, eventId, facts: factsOf(to) as never })),
      )
      const rows = await tx.select().from(outbox).where(isNull(outbox.doneAt)).orderBy(outbox.id)
      return rows.slice(-recipients.length).map(({ payload }) => present(payload.notificationId))
    })
  }
})

/** Has all that waits dispatched before a worker begins. Returns the notifications in the order of their mails. */
async function orderOfSending(fixture: WorkerFixture): Promise<string[]> {
  const before = fixture.mailServer.received.length
  const engine = openQueueEngine(fixture.config, fixture.log)
  for (const name of QUEUES) await (await engine.queue(name)).pause()
  while (await dispatchBatch(fixture.db, engine, fixture.clock.now()));
  for (const name of QUEUES) await (await engine.queue(name)).resume()
  await engine.close()
  await fixture.startWorker()
  await fixture.allDone(100_000)
  await fixture.stopWorkers()
  return fixture.mailServer.received.slice(before).map(({ messageId }) => /<(.+)@/.exec(messageId)?.[1] ?? '')
}
