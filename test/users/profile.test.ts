// The profile of a user: the name, and the way back from acts begun on the page of the user.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import type { TestApp } from '../support/app.ts'
import { ADMIN, ADMIN2, Cast, DESK, EVIDENCE, TECH } from '../support/cast.ts'
import type { People } from '../support/people.ts'
import { says, sentMail } from '../support/sent-mail.ts'

let cast: Cast
let app: TestApp
let people: People
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK, TECH], [])
  ;({ app, people } = cast)
})
after(() => app.close())

const page = async (path: string, who = ADMIN) => (await cast.as(who).get(path)).body
const namesOn = (html: string) => [...html.matchAll(/id="name-[^"]*">([^<]+)</g)].map(([, name = '']) => name)

describe('the name of a user', () => {
  test('an Admin changes it, lists and search follow, and the user is mailed who changed it', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])

    const answer = await cast.as(ADMIN).post(`/users/${user.id}/profile`, { name: '  Aadya   Ångström ' })

    assert.equal(answer.status, 303)
    assert.equal(answer.location, `/users/${user.id}`)
    assert.match(await page(`/users/${user.id}`), /The profile of Aadya Ångström is saved\./)
    assert.equal(namesOn(await page('/users'))[0], 'Aadya Ångström')
    assert.deepEqual(namesOn(await page('/users?q=aadya')), ['Aadya Ångström'])
    const [event] = await people.eventsOf(user.id, 'user.profile-changed')
    assert.equal(event?.outcome, 'success')
    assert.deepEqual(event.details, { channel: 'admin' }, 'names stand beside the log')
    const renamed = `changed the name of Aadya Ångström from ${user.name} to Aadya Ångström`
    assert.ok((await page('/audit')).includes(renamed))
    const mail = await sentMail(app, user.id, 'name-changed')
    const by = (await app.userNamed(ADMIN)).name
    says(
      mail,
      new RegExp(
        `Your name at Harbour Group was changed by ${by} of Harbour Group, from ${user.name} to Aadya Ångström`,
      ),
    )
    says(mail, /Ask an Admin of Harbour Group/)
    await cast.as(ADMIN).post(`/users/${user.id}/profile`, { name: 'Zeno Zuse' })
    assert.deepEqual(namesOn(await page('/users?q=aadya')), [])
    assert.equal(namesOn(await page('/users')).at(-1), 'Zeno Zuse')
  })

  test('a name that says nothing or carries an address is refused beside its field, and what was typed is kept', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])
    for (const name of ['', ' \u200b ', 'win at prize.example', '=1+1', 'x'.repeat(101)]) {
      const answer = await cast.as(ADMIN).post(`/users/${user.id}/profile`, { name })

      assert.equal(answer.status, 422, name)
      assert.match(answer.body, /id="name-problem"/)
      assert.equal((await people.byId(user.id)).name, user.name)
    }
    const { body } = await cast.as(ADMIN).post(`/users/${user.id}/profile`, { name: 'win at prize.example' })
    assert.match(body, /value="win at prize\.example"/)
    assert.deepEqual(await people.eventsOf(user.id, 'user.profile-changed'), [])
  })

  test('the same name again records and mails nothing', async () => {
    const user = await people.add('Harbour Group', ['finance-operator'])

    const answer = await cast.as(ADMIN).post(`/users/${user.id}/profile`, { name: user.name })

    assert.equal(answer.status, 303)
    assert.deepEqual(await people.eventsOf(user.id, 'user.profile-changed'), [])
    const ofUser = and(eq(notifications.recipientId, user.id), eq(notifications.kind, 'name-changed'))
    assert.equal(await app.deps.db.$count(notifications, ofUser), 0)
  })

  test('the name of an Admin is changed by the Service Desk with ticket and reason, and the other Admins are mailed', async () => {
    const { id, name } = await app.userNamed(ADMIN2)
    const path = `/users/${id}/profile`
    assert.equal((await cast.as(ADMIN).post(path, { name: 'Renamed Admin' })).status, 403)
    const without = await cast.as(DESK).post(path, { name: 'Renamed Admin' })
    assert.equal(without.status, 422)
    assert.match(without.body, /id="ticket-problem".*id="reason-problem"/s)

    const answer = await cast.as(DESK).post(path, { name: 'Renamed Admin', ...EVIDENCE })

    assert.equal(answer.status, 303)
    const mails = await app.deps.db
      .select()
      .from(notifications)
      .where(eq(notifications.kind, 'administrators-changed'))
    assert.deepEqual(
      mails.map(({ recipientId }) => recipientId),
      [(await app.userNamed(ADMIN)).id],
    )
    says(
      await sentMail(app, mails[0]?.recipientId ?? '', 'administrators-changed'),
      /The name of a user who holds Admin was changed: it is now Renamed Admin\./,
    )
    says(
      await sentMail(app, id, 'name-changed'),
      new RegExp(`by the Service Desk, from ${name} to Renamed Admin`),
    )
  })

  test('a case about a person is closed if the person was renamed after it was opened', async () => {
    const { id, userId } = await people.addCase((await app.userNamed('desk2@platform.example')).id)
    await cast.as(ADMIN).post(`/users/${userId}/profile`, { name: 'Another Name' })

    const answer = await cast.as(DESK).post(`/approvals/${id}`, { decision: 'approve' })

    assert.equal(answer.status, 409)
    assert.match(answer.body, /The person concerned has changed since: their account, their name/)
    assert.deepEqual(await people.roleGroupsOf(userId), ['tech-operator'])
  })
})

describe('the way back', () => {
  const LIST = '/users?role=finance-operator&sort=status'
  const inHtml = (address: string) => address.replaceAll('&', '&amp;')

  test('the page of a user leads back to the row in the list that it was opened from, with its filters', async () => {
    const { id } = await people.add('Harbour Group', ['finance-operator'])
    const [, href = ''] = new RegExp(`href="([^"]*)" id="name-${id}"`).exec(await page(LIST)) ?? []

    const opened = await page(href)

    assert.ok(opened.includes(`<a href="${inHtml(LIST)}#user-${id}">Back to Users</a>`))
    assert.ok((await page(`/users/${id}`)).includes('<a href="/users">Back to Users</a>'))
    const found = `/users/${id}?${new URLSearchParams({ back: '/service-desk?q=person' })}`
    assert.match(
      await page(found, DESK),
      /<a href="\/service-desk\?q=person#user-[^"]*">Back to Service Desk<\/a>/,
    )
  })

  test('acts begun on the page of a user, and their Cancel, lead back to that page, which still knows its list', async () => {
    const { id } = await people.add('Harbour Group', ['finance-operator'])
    await people.enrol(id)
    const own = `/users/${id}?${new URLSearchParams({ back: LIST })}`
    const admin = cast.as(ADMIN)
    for (const [act, fields] of [
      ['profile', { name: 'Another Name' }],
      ['role-groups', { roleGroups: 'finance-manager' }],
      ['mfa-reset', EVIDENCE],
      ['disable', EVIDENCE],
      ['enable', EVIDENCE],
    ] as const) {
      const [, path = ''] =
        new RegExp(`href="(/users/${id}/${act}\\?back=[^"]*)"`).exec(await page(own)) ?? []
      assert.ok((await page(path)).includes(`href="${own}">Cancel`), `Cancel of ${act}`)

      const done = await admin.post(path, fields)

      assert.equal(done.location, own, act)
      assert.match(await page(own), /role="status" tabindex/, `${act} is told`)
    }
  })

  test('a withdrawn invitation, whose user has no page, leads from the page of the user to the list', async () => {
    for (const back of [LIST, null]) {
      const { id } = await people.add('Harbour Group', ['finance-operator'], 'invited')
      const own = `/users/${id}${back ? `?${new URLSearchParams({ back })}` : ''}`

      const done = await cast
        .as(ADMIN)
        .post(`/users/${id}/invitation/withdraw?${new URLSearchParams({ back: own })}`, EVIDENCE)

      assert.equal(done.location, back ? `${back}#user-${id}` : '/users')
    }
  })

  test('the page of another user, or a list of another origin behind a page, is not taken', async () => {
    const { id } = await people.add('Harbour Group', ['finance-operator'])
    const other = await app.userNamed(TECH)
    const cancelOf = async (back: string) => {
      const [, href] =
        /href="([^"]*)">Cancel/.exec(await page(`/users/${id}/disable?${new URLSearchParams({ back })}`)) ??
        []
      return href
    }

    assert.equal(await cancelOf(`/users/${other.id}?back=%2Fusers`), `/users/${id}`)
    assert.equal(await cancelOf(`/users/${id}?back=https%3A%2F%2Fevil.example%2Fusers`), `/users/${id}`)
    assert.equal(await cancelOf(`/users/${id}?back=%2Faccount&x=1`), `/users/${id}`)
  })
})
