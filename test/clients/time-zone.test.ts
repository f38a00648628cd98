// The time zone of an account: in which mails to its people give times.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AddressedMail } from '../../src/platform/mail/mailer.ts'
import type { TestApp } from '../support/app.ts'
import { fieldsWithProblem } from '../support/browser.ts'
import { ADMIN, Cast, DESK, EVIDENCE, FOREIGN_ADMIN } from '../support/cast.ts'
import { sentMail } from '../support/sent-mail.ts'

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK], [FOREIGN_ADMIN])
  app = cast.app
})
after(() => app.close())

async function setTimeZone(by: string, account: string, timeZone: string) {
  const clientId = await cast.people.clientId(account)
  return cast.as(by).post(`/clients/${clientId}/time-zone`, { ...EVIDENCE, timeZone })
}

/** The mail about a change of role groups to a new user of Harbour Group, on 2 March 2026. */
async function mail(): Promise<AddressedMail> {
  const { id } = await cast.people.add('Harbour Group', ['tech-operator'])
  const change = { ...EVIDENCE, roleGroups: 'finance-operator' }
  assert.equal((await cast.as(ADMIN).post(`/users/${id}/role-groups`, change)).status, 303)
  const sent = await sentMail(app, id, 'role-groups-changed')
  assert.ok(sent)
  return sent
}

test('a mail gives times in the zone of the reader’s account, else in that of the platform, else in UTC', async () => {
  const inUtc = await mail()
  assert.match(inUtc.text, /When: 2 Mar 2026, \d\d:\d\d UTC/)
  assert.doesNotMatch(inUtc.text, /time zone/)

  assert.equal((await setTimeZone(DESK, 'Portcullis Platform', 'Asia/Tokyo')).status, 303)
  assert.match((await mail()).text, /When: 2 Mar 2026, \d\d:\d\d GMT\+9/)
  assert.equal((await setTimeZone(DESK, 'Harbour Group', 'Europe/Berlin')).status, 303)
  const { text, html } = await mail()
  for (const body of [text, html]) {
    assert.match(body, /2 Mar 2026, 10:\d\d CET/)
    assert.match(body, /Times are given in the time zone of Europe\/Berlin\./)
  }

  assert.equal((await setTimeZone(DESK, 'Harbour Group', '')).status, 303)
  assert.match((await mail()).text, /GMT\+9/)
})

test('only a zone of the list is taken, and the choice is on record', async () => {
  for (const timeZone of ['Europe/Atlantis', '+05:30', 'berlin', '<b>']) {
    const answer = await setTimeZone(DESK, 'Harbour Group', timeZone)
    assert.equal(answer.status, 422, timeZone)
    assert.deepEqual(fieldsWithProblem(answer), ['timeZone'])
  }

  await setTimeZone(DESK, 'Harbour Group', 'UTC')
  const clientId = await cast.people.clientId('Harbour Group')
  const event = await cast.people.lastEvent('client.time-zone-changed', clientId)
  assert.deepEqual([event?.outcome, event?.details.timeZone], ['success', 'UTC'])
  assert.match((await cast.as(ADMIN).get(`/clients/${clientId}`)).body, /Time zone of mails<\/dt><dd>UTC</)
})

test('an Admin of the account may not set it, and elsewhere it does not exist', async () => {
  assert.equal((await setTimeZone(ADMIN, 'Harbour Group', 'UTC')).status, 403)
  assert.equal((await setTimeZone(FOREIGN_ADMIN, 'Harbour Group', 'UTC')).status, 404)
})
