// The support contact of an account, and whom its people may ask.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestApp } from '../support/app.ts'
import { fieldsWithProblem } from '../support/browser.ts'
import { ADMIN, Cast, DESK, EVIDENCE, FOREIGN_ADMIN, TECH } from '../support/cast.ts'

const CONTACT = {
  supportText: 'Weekdays 9 to 17 <b>',
  supportLink: 'https://help.harbour.example/sign-in',
  supportPhone: '+49 (40) 123-45',
}

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, TECH, DESK], [FOREIGN_ADMIN])
  app = cast.app
})
after(() => app.close())

async function setSupport(by: string, account: string, fields: Record<string, string>) {
  const clientId = await cast.people.clientId(account)
  return cast.as(by).post(`/clients/${clientId}/support`, { ...EVIDENCE, ...fields })
}

/** The MFA prompt of a user in a new browser. */
async function prompt(email: string): Promise<string> {
  const browser = app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')
  return (await browser.get('/mfa/verify')).body
}

const supportOn = (body: string) =>
  /<p class="support">(.*?)<\/p>/s.exec(body)?.[1]?.replace(/\s+/g, ' ').trim() ?? ''

test('the Service Desk sets it; people of the account see it past the password, all others the platform’s', async () => {
  assert.equal(supportOn((await app.browser().get('/sign-in')).body), '')
  assert.equal((await setSupport(DESK, 'Harbour Group', CONTACT)).status, 303)
  assert.equal((await setSupport(DESK, 'Portcullis Platform', { supportText: 'Platform desk' })).status, 303)

  const own = supportOn(await prompt(TECH))
  assert.match(own, /Weekdays 9 to 17 &lt;b&gt;/)
  assert.match(own, /<a class="phone" href="tel:\+494012345">\+49 \(40\) 123-45<\/a>/)
  assert.match(own, /<a href="https:\/\/help.harbour.example\/sign-in" rel="noreferrer">/)
  assert.match(supportOn((await app.browser().get('/sign-in')).body), /Platform desk/)
  const wrong = await app.browser().signInWithPassword(TECH, 'not my password at all')
  assert.match(supportOn(wrong.body), /Platform desk/, 'an address alone does not tell the account')
  const elsewhere = await cast.people.add('Meridian Foods', ['tech-operator'])
  await cast.people.enrol(elsewhere.id)
  assert.match(supportOn(await prompt(elsewhere.email)), /Platform desk/)
  const event = await cast.people.lastEvent(
    'client.support-changed',
    await cast.people.clientId('Harbour Group'),
  )
  assert.deepEqual(event?.details, { ...CONTACT, ticket: EVIDENCE.ticket, reason: EVIDENCE.reason })
})

test('only a link to a page or a mail address is taken, and what was typed stays', async () => {
  for (const supportLink of ['javascript:alert(1)', 'http://harbour.example', 'data:text/html,x', 'help']) {
    const answer = await setSupport(DESK, 'Harbour Group', { ...CONTACT, supportLink })
    assert.equal(answer.status, 422, supportLink)
    assert.deepEqual(fieldsWithProblem(answer), ['supportLink'])
    assert.match(answer.body, /value="\+49 \(40\) 123-45"/)
  }
  const answer = await setSupport(DESK, 'Harbour Group', { ...CONTACT, supportPhone: 'call me' })
  assert.deepEqual(fieldsWithProblem(answer), ['supportPhone'])
  assert.equal(
    (await setSupport(DESK, 'Harbour Group', { ...CONTACT, supportLink: 'mailto:a@b.example' })).status,
    303,
  )
})

test('an Admin of the account may not set it, and elsewhere it does not exist', async () => {
  assert.equal((await setSupport(ADMIN, 'Harbour Group', CONTACT)).status, 403)
  assert.equal((await setSupport(FOREIGN_ADMIN, 'Harbour Group', CONTACT)).status, 404)
})

test('a person past the password reads the names of the Admins to ask, an Admin the Service Desk, a stranger neither', async () => {
  const body = (await prompt(TECH)).replace(/\s+/g, ' ')
  assert.match(body, /We tell Amara Okafor or Lucas [^<]* \(Admins of Harbour Group\)/)
  assert.match(body, /class="account-name">Harbour Group</)
  assert.match(await prompt(ADMIN), /We tell the Service Desk/)

  const stranger = app.browser()
  for (let attempt = 0; attempt < 5; attempt += 1)
    await stranger.signInWithPassword(TECH, 'not my password at all')
  assert.match(stranger.last.body, /Locked for now/)
  assert.doesNotMatch(stranger.last.body, /Amara|Harbour/)
})
