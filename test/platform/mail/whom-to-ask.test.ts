// The helper that a mail names: an active person who knows of the act.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { and, desc, eq } from 'drizzle-orm'
import { notifications } from '../../../src/platform/db/schema/notifications.ts'
import type { NotificationKind } from '../../../src/platform/mail/kinds.ts'
import type { AddressedMail } from '../../../src/platform/mail/mailer.ts'
import { sendNotification } from '../../../workers/send-notification.ts'
import type { TestApp } from '../../support/app.ts'
import { ADMIN, Cast, DESK, DESK2, EVIDENCE } from '../../support/cast.ts'

const ONLY_ADMIN = 'admin@online.harbour.example'

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK, DESK2], [])
  app = cast.app
})
after(() => app.close())

async function act(actor: string, path: string, fields: Record<string, string> = {}): Promise<void> {
  const { status } = await cast.as(actor).post(path, { ...EVIDENCE, ...fields })
  assert.equal(status, 303, path)
}

/** The last mail of this kind to a user, as the worker sends it. */
async function mailTo(userId: string, kind: NotificationKind): Promise<string> {
  const [queued] = await app.deps.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipientId, userId), eq(notifications.kind, kind)))
    .orderBy(desc(notifications.id))
  assert.ok(queued, kind)
  const sent: AddressedMail[] = []
  const mailer = { send: async (mail: AddressedMail) => void sent.push(mail), close: () => {} }
  await app.deps.db.transaction((tx) =>
    sendNotification({ notificationId: queued.id }, tx, { ...app.deps, mailer }),
  )
  const [mail] = sent
  assert.ok(mail, 'it was sent')
  return `${mail.text} ${mail.html}`.replace(/\s+/g, ' ')
}

/** Both as text and as HTML. */
function tellsToAsk(mail: string, helper: string): void {
  assert.equal(mail.match(new RegExp(`ask ${helper}( before|\\.)`, 'gi'))?.length, 2, mail)
}

test('the only Admin of an account asks the Service Desk, also about what they are no more', async () => {
  const { id } = await app.userNamed(ONLY_ADMIN)

  await act(DESK, `/users/${id}/disable`)
  tellsToAsk(await mailTo(id, 'account-disabled'), 'the Service Desk')
  await act(DESK, `/users/${id}/enable`)
  tellsToAsk(await mailTo(id, 'account-enabled'), 'the Service Desk')
  await act(DESK, `/users/${id}/role-groups`, { roleGroups: 'tech-operator' })
  tellsToAsk(await mailTo(id, 'role-groups-changed'), 'the Service Desk')
  await act(DESK, `/users/${id}/role-groups`, { roleGroups: 'admin' })
  assert.equal((await cast.decide(DESK2)).status, 303)
  tellsToAsk(await mailTo(id, 'role-groups-changed'), 'the Service Desk')
})

test('the Admins of an account are mailed that it was suspended and that it was resumed', async () => {
  const { id, clientId } = await app.userNamed(ONLY_ADMIN)

  await act(DESK, `/clients/${clientId}/suspend`)
  const suspended = await mailTo(id, 'client-suspended')
  tellsToAsk(suspended, 'the Service Desk')
  assert.match(suspended, /The client account Harbour Online, of which you are an Admin, was suspended/)
  await act(DESK, `/clients/${clientId}/resume`)
  const resumed = await mailTo(id, 'client-resumed')
  tellsToAsk(resumed, 'the Service Desk')
  assert.match(resumed, /Harbour Online, of which you are an Admin, was resumed by the Service Desk/)
})

test('the first Admin of a new account asks the Service Desk about the invitation', async () => {
  const adminEmail = 'first@new.example'
  await act(DESK, '/clients', { name: 'New Account', parentId: '', adminName: 'First Admin', adminEmail })

  tellsToAsk(await mailTo((await app.userNamed(adminEmail)).id, 'invitation'), 'the Service Desk')
})

test('a user who is not Admin asks an Admin about acts of Admins, and the Service Desk about its own acts', async () => {
  const { id } = await cast.people.add('Harbour Group', ['tech-operator'])

  await act(ADMIN, `/users/${id}/role-groups`, { roleGroups: 'finance-operator' })
  tellsToAsk(await mailTo(id, 'role-groups-changed'), 'an Admin of Harbour Group')
  await act(ADMIN, `/users/${id}/disable`)
  tellsToAsk(await mailTo(id, 'account-disabled'), 'an Admin of Harbour Group')
  await act(DESK, `/users/${id}/enable`)
  tellsToAsk(await mailTo(id, 'account-enabled'), 'the Service Desk')
})

test('a mail shows the support contact of the reader’s account, else that of the platform, else none', async () => {
  const support = (clientId: string, supportText: string) =>
    act(DESK, `/clients/${clientId}/support`, { supportText, supportPhone: '+49 40 123', supportLink: '' })
  const { id, clientId } = await cast.people.add('Harbour Group', ['tech-operator'])
  const platform = await cast.people.clientId('Portcullis Platform')
  const mail = async (roleGroups: string) => {
    await act(ADMIN, `/users/${id}/role-groups`, { roleGroups })
    return mailTo(id, 'role-groups-changed')
  }

  assert.doesNotMatch(await mail('finance-operator'), /Need help/)
  await support(platform, 'Platform & desk')
  assert.equal(
    (await mail('tech-operator')).match(/Need help\? Platform &(amp;)? desk · \+49 40 123/g)?.length,
    2,
  )
  await support(clientId, 'Harbour help')
  assert.equal((await mail('finance-operator')).match(/Need help\? Harbour help/g)?.length, 2)
})

test('a user whom an Admin invited asks an Admin', async () => {
  const fields = cast.people.newcomer()
  await act(ADMIN, '/users', fields)

  const { id } = await app.userNamed(fields.email ?? '')
  tellsToAsk(await mailTo(id, 'invitation'), 'an Admin of Harbour Group')
})
