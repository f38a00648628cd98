// What the mails about administrators and cases say.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { and, desc, eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import type { NotificationKind } from '../../src/platform/mail/kinds.ts'
import type { AddressedMail } from '../../src/platform/mail/mailer.ts'
import { DAY } from '../../src/platform/time/durations.ts'
import { expireApprovalJob } from '../../workers/expire-approval.ts'
import { sendNotification } from '../../workers/send-notification.ts'
import type { TestApp } from '../support/app.ts'
import { ADMIN, Cast, DESK, DESK2, EVIDENCE, OPERATOR } from '../support/cast.ts'

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK, DESK2, OPERATOR], [])
  app = cast.app
})
after(() => app.close())

const mailer = (sent: AddressedMail[]) => ({
  send: async (mail: AddressedMail) => void sent.push(mail),
  close: () => {},
})

/** The last mail of this kind to a person, as the worker sends it; null: it sends none. */
async function mailTo(email: string, kind: NotificationKind): Promise<AddressedMail | null> {
  const { id } = await app.userNamed(email)
  const [row] = await app.deps.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipientId, id), eq(notifications.kind, kind)))
    .orderBy(desc(notifications.id))
  assert.ok(row, kind)
  const sent: AddressedMail[] = []
  await app.deps.db.transaction((tx) =>
    sendNotification({ notificationId: row.id }, tx, { ...app.deps, mailer: mailer(sent) }),
  )
  return sent[0] ?? null
}

/** Text and HTML say the same. */
function says(mail: AddressedMail | null, sentence: RegExp): void {
  assert.ok(mail, 'it was sent')
  for (const body of [mail.text, mail.html.replace(/<[^>]+>/g, '').replaceAll('&quot;', '"')])
    assert.match(body.replace(/\s+/g, ' '), sentence)
}

async function ask(roleGroups = 'admin') {
  const user = await cast.people.add('Harbour Group', ['tech-operator'])
  const answer = await cast.as(DESK).post(`/users/${user.id}/role-groups`, { ...EVIDENCE, roleGroups })
  assert.equal(answer.status, 303)
  return user
}

test('the deciders are mailed who asks for what, without a link, and not again once it is decided', async () => {
  const user = await ask()

  const mail = await mailTo(DESK2, 'approval-requested')

  assert.equal(mail?.subject, 'A request waits for your approval')
  says(
    mail,
    new RegExp(
      `Daniel Achterberg of Portcullis Platform asks that ${user.name} holds Admin in Harbour Group`,
    ),
  )
  says(mail, /Nothing takes effect until a second person approves it/)
  assert.doesNotMatch(`${mail?.text}${mail?.html}`, /https?:\/\//)
  await ask('admin')
  await cast.decide(DESK2)
  assert.equal(await mailTo(DESK2, 'approval-requested'), null)
})

test('the agent who asked is mailed the decision', async () => {
  const user = await ask()
  await cast.decide(DESK2)
  const approved = await mailTo(DESK, 'approval-decided')
  assert.equal(approved?.subject, 'Your request was approved')
  says(
    approved,
    new RegExp(`Your request that ${user.name} holds Admin in Harbour Group was approved by Deepa Raman`),
  )

  await ask()
  await cast.decide(DESK2, { decision: 'refuse', reason: 'Unknown to me' })
  const refused = await mailTo(DESK, 'approval-decided')
  assert.equal(refused?.subject, 'Your request was refused')
  says(refused, /was refused by Deepa Raman of Portcullis Platform\. The reason is under/)

  const changed = await ask()
  await app.deps.db.execute(`update users set status = 'disabled' where id = '${changed.id}'`)
  await cast.decide(DESK2)
  says(await mailTo(DESK, 'approval-decided'), /was approved by Deepa Raman .*, but could not be carried out/)
})

test('the agent who asked is mailed about an expired case by a job that is due when the case ends', async () => {
  await ask()
  const approvalId = await cast.people.lastApprovalId()
  const [job] = await app.deps.db
    .select()
    .from(outbox)
    .where(eq(outbox.job, 'expire-approval'))
    .orderBy(desc(outbox.id))
  assert.deepEqual(job?.payload, { approvalId })
  assert.deepEqual(job?.dueAt, new Date(app.clock.now().getTime() + DAY))
  app.clock.advance(DAY)

  await app.deps.db.transaction((tx) =>
    expireApprovalJob({ approvalId }, tx, { ...app.deps, mailer: mailer([]) }),
  )

  const mail = await mailTo(DESK, 'approval-decided')
  assert.equal(mail?.subject, 'Your request has expired')
  says(mail, /was not decided in time and has expired/)
  await cast.comeBack(DESK)
  await cast.comeBack(DESK2)
})

test('Admins are mailed what the Service Desk changed about one of them, and colleagues are named', async () => {
  const user = await ask()
  await cast.decide(DESK2)
  const given = await mailTo(ADMIN, 'administrators-changed')
  assert.equal(given?.subject, 'Who administers Harbour Group was changed')
  says(given, new RegExp(`${user.name} was given the role group Admin\\. This was done by the Service Desk`))

  await cast.as(DESK).post(`/users/${user.id}/role-groups`, { ...EVIDENCE, roleGroups: 'tech-operator' })
  says(await mailTo(ADMIN, 'administrators-changed'), new RegExp(`${user.name} no longer holds Admin\\.`))

  const agent = await cast.people.add('Portcullis Platform', ['service-desk'])
  await cast.as(DESK).post(`/users/${agent.id}/disable`, EVIDENCE)
  const disabled = new RegExp(`The account of ${agent.name}, who holds Service Desk, was disabled\\.`)
  const mail = await mailTo(OPERATOR, 'administrators-changed')
  says(mail, disabled)
  says(mail, /This was done by Daniel Achterberg of Portcullis Platform\./)
  says(await mailTo(DESK, 'administrators-changed'), /This was done by you\./)
})
