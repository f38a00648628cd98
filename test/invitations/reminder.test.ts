// The reminder of an invitation, a day before it ends: once, and only while it is of use.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { remindOfInvitation } from '../../src/invitations/remind-of-invitation.ts'
import { invitations } from '../../src/platform/db/schema/links.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { renderMail } from '../../src/platform/mail/render-mail.ts'
import { DAY, HOUR, SECOND } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { People } from '../support/people.ts'

let app: TestApp
let people: People
let admin: Browser
before(async () => {
  app = await startApp()
  people = new People(app)
  admin = app.browser()
  await admin.enrolAndSignIn('admin@harbour.example')
})
after(() => app.close())

let invited = 0
async function invite() {
  await admin.post('/sign-out')
  await admin.signIn('admin@harbour.example')
  invited += 1
  const email = `reminded${invited}@harbour.example`
  assert.equal(
    (await admin.post('/users', { email, name: 'Rita', roleGroups: 'finance-operator' })).status,
    303,
  )
  const user = await app.userNamed(email)
  const [invitation] = await people.invitationsOf(user.id)
  assert.ok(invitation)
  return { user, invitation }
}

const remind = (id: string) => app.deps.db.transaction((tx) => remindOfInvitation(tx, id, app.clock.now()))

async function reminders(userId: string): Promise<number> {
  const about = and(eq(notifications.recipientId, userId), eq(notifications.kind, 'invitation-reminder'))
  return app.deps.db.$count(notifications, about)
}

describe('the reminder of an invitation', () => {
  test('a reminder is queued with the invitation, for the day before its end', async () => {
    const { invitation } = await invite()

    const rows = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'remind-of-invitation'))

    const queued = rows.find(({ payload }) => payload.invitationId === invitation.id)
    assert.deepEqual(queued?.dueAt, new Date(invitation.expiresAt.getTime() - DAY))
    assert.deepEqual(queued?.payload, { invitationId: invitation.id })
  })

  test('a reminder goes out once when it is due, however often the job runs, and an early job is put back', async () => {
    const { user, invitation } = await invite()
    app.clock.advance(6 * DAY - SECOND)
    assert.deepEqual(await remind(invitation.id), { again: new Date(invitation.expiresAt.getTime() - DAY) })
    assert.equal(await reminders(user.id), 0)
    app.clock.advance(SECOND)

    await Promise.all([remind(invitation.id), remind(invitation.id), remind(invitation.id)])
    await remind(invitation.id)

    assert.equal(await reminders(user.id), 1)
  })

  test('a late reminder goes out before the end and not after it', async () => {
    const late = await invite()
    const tooLate = await invite()
    app.clock.advance(7 * DAY - HOUR)
    await remind(late.invitation.id)
    assert.equal(await reminders(late.user.id), 1)
    app.clock.advance(HOUR)
    await remind(tooLate.invitation.id)
    assert.equal(await reminders(tooLate.user.id), 0)
  })

  test('no reminder goes out if the invitation was accepted, withdrawn or sent again, or the user disabled', async () => {
    const accepted = await invite()
    await app
      .browser()
      .post(await people.invitationLink(accepted.user.id), { password: 'seven green lanterns in fog' })
    const withdrawn = await invite()
    await admin.post(`/users/${withdrawn.user.id}/invitation/withdraw`)
    const disabled = await invite()
    await admin.post(`/users/${disabled.user.id}/disable`, { reason: 'Not yet' })
    const resent = await invite()
    await admin.post(`/users/${resent.user.id}/invitation`)
    const [renewed] = await people.invitationsOf(resent.user.id)
    app.clock.advance(6 * DAY + HOUR)

    for (const { user, invitation } of [accepted, withdrawn, disabled, resent]) {
      await remind(invitation.id)
      assert.equal(await reminders(user.id), 0)
    }

    await remind(renewed?.id ?? '')
    assert.equal(await reminders(resent.user.id), 1, 'the new invitation has a reminder of its own')
  })

  test('a forged reminder job does nothing', async () => {
    const before = await app.deps.db.$count(notifications)
    assert.equal(await remind('01890000-0000-7000-8000-000000000000'), null)
    assert.equal(await app.deps.db.$count(notifications), before)
    assert.ok((await app.deps.db.$count(invitations)) > 0)
  })

  test('the mail of a reminder carries the link and says until when it works', () => {
    const mail = renderMail('invitation-reminder', {
      recipient: { name: 'Rita', email: 'rita@harbour.example', clientName: 'Harbour Group' },
      helper: 'an Admin of your account',
      publicUrl: 'https://gate.portcullis.test',
      link: 'https://gate.portcullis.test/activate/token',
      expiresAt: new Date('2026-11-24T08:15:00Z'),
    })
    for (const text of [mail.text, mail.html]) {
      assert.match(text, /activate\/token/)
      assert.match(text, /24 Nov 2026, 08:15 UTC/)
    }
  })
})
