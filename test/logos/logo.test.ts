// The logo of an account: uploaded by the Service Desk, looked at, then shown on gate pages.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { fieldsWithProblem } from '../support/browser.ts'
import { ADMIN, Cast, DESK, DESK2, EVIDENCE, FOREIGN_ADMIN, OPERATOR, TECH } from '../support/cast.ts'
import { png, SVG } from '../support/logos.ts'

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, TECH, DESK, DESK2, OPERATOR], [FOREIGN_ADMIN])
  app = cast.app
})
after(() => app.close())

const pageOf = async (account: string) => `/clients/${await cast.people.clientId(account)}/logo`

async function upload(by: string, account: string, file: string | Uint8Array<ArrayBuffer>) {
  const form = new FormData()
  form.set('file', new File([file], 'logo.txt', { type: 'text/html' }))
  const sent = new Response(form)
  return cast.as(by).request('POST', await pageOf(account), {
    headers: {
      'sec-fetch-site': 'same-origin',
      'content-type': sent.headers.get('content-type') ?? '',
    },
    body: new Uint8Array(await sent.arrayBuffer()),
  })
}

const draftOn = (body: string) => /name="logo" value="([0-9a-f]{64})"/.exec(body)?.[1] ?? ''

async function publish(account: string, file: string | Uint8Array<ArrayBuffer> = SVG): Promise<string> {
  assert.equal((await upload(DESK, account, file)).status, 303)
  const page = await pageOf(account)
  const logo = draftOn((await cast.as(DESK).get(page)).body)
  assert.equal((await cast.as(DESK).post(`${page}/publish`, { ...EVIDENCE, logo })).status, 303)
  return logo
}

const logoOn = (body: string) => /<p class="logo"><img src="([^"]+)" alt="([^"]*)"/.exec(body)?.slice(1) ?? []

/** The MFA prompt of a user in a new browser. */
async function prompt(email: string): Promise<string> {
  const browser = app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')
  return (await browser.get('/mfa/verify')).body
}

test('an upload is seen by the Service Desk alone until it is published, with a ticket and a fresh proof', async () => {
  assert.equal((await upload(DESK, 'Harbour Group', SVG)).status, 303)
  const page = await pageOf('Harbour Group')
  const { body } = await cast.as(DESK).get(page)
  const logo = draftOn(body)
  assert.match(body, /Not shown yet/)

  const draft = await cast.as(DESK).get(`${page}/draft`)
  assert.equal(draft.status, 200)
  assert.match(draft.headers.get('content-security-policy') ?? '', /^default-src 'none'.*sandbox$/)
  assert.equal(draft.headers.get('cache-control'), 'no-store')
  assert.equal((await cast.as(ADMIN).get(`${page}/draft`)).status, 403)
  assert.equal((await cast.as(FOREIGN_ADMIN).get(`${page}/draft`)).status, 404)
  assert.equal((await fetch(`${app.origin}/logos/${logo}.svg`)).status, 404, 'it has no public address')
  assert.deepEqual(logoOn(await prompt(TECH)), [])

  const missing = await cast.as(DESK).post(`${page}/publish`, { logo })
  assert.deepEqual([missing.status, fieldsWithProblem(missing)], [422, ['ticket', 'reason']])
  const other = await cast.as(DESK).post(`${page}/publish`, { ...EVIDENCE, logo: 'f'.repeat(64) })
  assert.equal(other.status, 422)
  assert.match(other.body, /Another logo was uploaded meanwhile/)
  app.clock.advance(11 * MINUTE)
  assert.equal((await cast.as(DESK).post(`${page}/publish`, { ...EVIDENCE, logo })).status, 401)
  for (const email of [ADMIN, DESK]) await cast.comeBack(email)
  await cast.as(FOREIGN_ADMIN).post('/sign-out')
  await cast.as(FOREIGN_ADMIN).signInWithPassword(FOREIGN_ADMIN)
  assert.equal((await cast.as(DESK).post(`${page}/publish`, { ...EVIDENCE, logo })).status, 303)

  const clientId = await cast.people.clientId('Harbour Group')
  assert.equal((await cast.people.lastEvent('client.logo-uploaded', clientId))?.details.logo, logo)
  const event = await cast.people.lastEvent('client.logo-changed', clientId)
  assert.deepEqual(event?.details, { logo, before: null, ticket: EVIDENCE.ticket, reason: EVIDENCE.reason })
})

test('it is served for good under its hash, as an image that runs and loads nothing', async () => {
  const logo = await publish('Harbour Group')
  const address = `${app.origin}/logos/${logo}.svg`

  const answer = await fetch(address)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'image/svg+xml; charset=utf-8')
  assert.equal(
    answer.headers.get('content-security-policy'),
    "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  )
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  assert.equal(answer.headers.get('set-cookie'), null)
  const kept = { 'if-none-match': answer.headers.get('etag') ?? '', 'cache-control': 'max-age=0' }
  const again = await fetch(address, { headers: kept })
  assert.equal(again.status, 304)
  for (const wrong of [
    `${logo}.png`,
    `${logo.slice(1)}.svg`,
    `${'0'.repeat(64)}.svg`,
    `${logo}.html`,
    '..%2f.svg',
  ])
    assert.equal((await fetch(`${app.origin}/logos/${wrong}`)).status, 404, wrong)
})

test('people of the account see it past the password and with a link from a mail, all others the platform’s', async () => {
  const own = await publish('Harbour Group')
  const stranger = async () => logoOn((await app.browser().get('/sign-in')).body)
  assert.deepEqual(await stranger(), [])
  const platform = await publish('Portcullis Platform', png(64, 32))

  const shown = [`/logos/${own}.svg`, 'Harbour Group']
  assert.deepEqual(logoOn(await prompt(TECH)), shown)
  const invited = await cast.people.add('Harbour Group', ['tech-operator'], 'invited')
  const newcomer = cast.people.newcomer()
  assert.equal((await cast.as(ADMIN).post('/users', newcomer)).status, 303)
  assert.ok(invited.id)
  const link = await cast.people.invitationLink(newcomer.email ?? '')
  assert.deepEqual(logoOn((await app.browser().get(link)).body), shown)
  await app.browser().post('/forgot-password', { email: TECH })
  assert.deepEqual(logoOn((await app.browser().get(await cast.people.passwordResetLink(TECH))).body), shown)

  const ofPlatform = [`/logos/${platform}.png`, 'Portcullis Platform']
  assert.deepEqual(await stranger(), ofPlatform)
  const wrong = await app.browser().signInWithPassword(TECH, 'not my password at all')
  assert.deepEqual(logoOn(wrong.body), ofPlatform, 'an address alone does not tell the account')
  const elsewhere = await cast.people.add('Meridian Foods', ['tech-operator'])
  await cast.people.enrol(elsewhere.id)
  const body = await prompt(elsewhere.email)
  assert.deepEqual(logoOn(body), ofPlatform)
  assert.match(body, /class="account-name">Meridian Foods</)
  const locked = app.browser()
  locked.secret = Buffer.alloc(20)
  await locked.signInWithPassword(TECH)
  for (let wrong = 0; wrong < 5; wrong += 1) await locked.verify(locked.wrongCode())
  assert.deepEqual(logoOn(locked.last.body), shown, 'the page of a lock')
})

test('removing it ends its address, and its people see the platform’s', async () => {
  const logo = await publish('Harbour Retail', png(40, 40))
  const page = await pageOf('Harbour Retail')
  assert.equal((await fetch(`${app.origin}/logos/${logo}.png`)).status, 200)

  assert.equal((await cast.as(DESK).post(`${page}/remove`, EVIDENCE)).status, 303)

  assert.equal((await fetch(`${app.origin}/logos/${logo}.png`)).status, 404)
  assert.equal((await cast.as(DESK).post(`${page}/remove`, EVIDENCE)).status, 422, 'there is none any more')
  const clientId = await cast.people.clientId('Harbour Retail')
  assert.equal((await cast.people.lastEvent('client.logo-removed', clientId))?.details.before, logo)
})

test('a file that is no logo is refused beside its field, and nothing is stored', async () => {
  for (const file of ['<svg viewBox="0 0 9 9"><script>1</script></svg>', 'GIF89a', '']) {
    const answer = await upload(DESK, 'Meridian Foods', file)
    assert.equal(answer.status, 422)
    assert.deepEqual(fieldsWithProblem(answer), ['file'])
  }
  const large = await upload(DESK, 'Meridian Foods', 'x'.repeat(2_100_000))
  assert.equal(large.status, 413)
  assert.match(large.body, /at most 64 KB/)
  assert.equal(draftOn((await cast.as(DESK).get(await pageOf('Meridian Foods'))).body), '')
})

test('an Admin of the account may neither see the page nor upload, publish or remove, and elsewhere it does not exist', async () => {
  const page = await pageOf('Harbour Group')
  const expected: [string, number][] = [
    [ADMIN, 403],
    [FOREIGN_ADMIN, 404],
  ]
  for (const [who, status] of expected) {
    assert.equal((await cast.as(who).get(page)).status, status)
    assert.equal((await upload(who, 'Harbour Group', SVG)).status, status)
    for (const act of ['publish', 'remove'])
      assert.equal((await cast.as(who).post(`${page}/${act}`, EVIDENCE)).status, status, act)
  }
})

test('a change of what the platform shows to all is mailed to all who administer it, one of an account to none', async () => {
  const mails = async (email: string) => {
    const { id } = await app.userNamed(email)
    const isIt = and(eq(notifications.recipientId, id), eq(notifications.kind, 'platform-changed'))
    return (await app.deps.db.select().from(notifications).where(isIt).orderBy(notifications.id)).map(
      ({ facts }) => facts.what,
    )
  }
  const others = [DESK2, OPERATOR]
  const before = await Promise.all(others.map(mails))
  const support = async (account: string) =>
    cast.as(DESK).post(`/clients/${await cast.people.clientId(account)}/support`, {
      ...EVIDENCE,
      supportText: 'Call us',
    })

  assert.equal((await support('Harbour Group')).status, 303)
  await publish('Harbour Group')
  assert.deepEqual(await Promise.all(others.map(mails)), before)
  assert.equal((await support('Portcullis Platform')).status, 303)
  await publish('Portcullis Platform')
  assert.equal(
    (await cast.as(DESK).post(`${await pageOf('Portcullis Platform')}/remove`, EVIDENCE)).status,
    303,
  )

  const since = ['support-contact', 'logo', 'logo']
  assert.deepEqual(
    await Promise.all(others.map(mails)),
    before.map((earlier) => [...earlier, ...since]),
  )
  assert.deepEqual(await mails(ADMIN), [])
})
