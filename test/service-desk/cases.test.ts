// The page of the Service Desk: what waits for it, and the search by ticket.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { MAX_CONSECUTIVE_CODE_FAILURES } from '../../src/lockout/policy.ts'
import { completeMfaReset } from '../../src/mfa-reset/complete-mfa-reset.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { mfaResets } from '../../src/platform/db/schema/mfa-resets.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { ADMIN, Cast, CHILD_TECH, DESK, EVIDENCE, OPERATOR, TECH } from '../support/cast.ts'

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK, OPERATOR, CHILD_TECH, TECH], [])
  app = cast.app
})
after(() => app.close())

const page = async (query = '') => {
  const { status, body } = await cast.as(DESK).get(`/service-desk${query}`)
  assert.equal(status, 200)
  return body
}
const caseOf = (html: string, id: string) =>
  new RegExp(`<section [^>]*data-case="${id}".*?</section>`, 's').exec(html)?.[0] ?? ''
const namesIn = (html: string) =>
  [...html.matchAll(/<a href="\/users\/[^"]+">([^<]+)<\/a> of ([^<]+)<br>/g)].map(
    ([, name, account]) => `${name}, ${account}`,
  )

describe('the open cases', () => {
  test('a quiet installation says so of every kind of case', async () => {
    const html = await page()

    assert.match(html, /No one whom the Service Desk must reset asks for a reset/)
    for (const id of ['switched-off', 'resets', 'locked']) {
      assert.match(caseOf(html, id), /<p class="state">None</, id)
      assert.doesNotMatch(caseOf(html, id), /alarming/)
    }
  })

  test('an authenticator that 100 wrong codes switched off is a case until it is reset, and 99 are none', async () => {
    const ravi = await app.userNamed(CHILD_TECH)
    const failed = (consecutiveFailures: number) =>
      app.deps.db
        .insert(lockouts)
        .values({ subject: ravi.id, kind: 'code', consecutiveFailures, updatedAt: app.clock.now() })
        .onConflictDoUpdate({ target: [lockouts.subject, lockouts.kind], set: { consecutiveFailures } })
    await failed(MAX_CONSECUTIVE_CODE_FAILURES - 1)
    assert.deepEqual(namesIn(caseOf(await page(), 'switched-off')), [])
    await failed(MAX_CONSECUTIVE_CODE_FAILURES)

    assert.deepEqual(namesIn(caseOf(await page(), 'switched-off')), ['Ravi Menon, Harbour Retail'])
    assert.equal((await cast.reset(DESK, CHILD_TECH)).status, 303)

    assert.deepEqual(namesIn(caseOf(await page(), 'switched-off')), [])
  })

  test('a reset is in progress from its request until its job has completed it', async () => {
    const { id, email, name } = await cast.people.add('Harbour Group', ['tech-operator'])
    await cast.people.enrol(id)
    const inProgress = async () => namesIn(caseOf(await page(), 'resets')).includes(`${name}, Harbour Group`)
    assert.equal(await inProgress(), false)
    assert.equal((await cast.reset(DESK, email)).status, 303)
    assert.equal(await inProgress(), true)

    const [reset] = await app.deps.db.select().from(mfaResets).where(eq(mfaResets.userId, id))
    assert.ok(reset)
    await app.deps.db.transaction((tx) => completeMfaReset(tx, reset.id, app.clock.now()))

    assert.equal(await inProgress(), false)
  })

  test('a locked Admin is a case until the lock ends, and another locked user is none', async () => {
    const guesser = app.browser()
    for (const email of ['admin@meridian.example', 'tech@meridian.example'])
      for (let guess = 0; guess < 5; guess += 1)
        await guesser.signInWithPassword(email, 'not the right password')

    const locked = caseOf(await page(), 'locked')
    assert.deepEqual(namesIn(locked), ['Marta Johansson, Meridian Foods'])
    assert.match(locked, /alarming/)
    app.clock.advance(15 * MINUTE)
    assert.deepEqual(namesIn(caseOf(await page(), 'locked')), [])
  })

  test('an Admin who lost the phone is a case, and a user whom an Admin may reset is none', async () => {
    const asksOf = async (keys: string[]) => {
      const user = await cast.people.add('Harbour Group', keys)
      const browser = app.browser()
      browser.secret = await cast.people.enrol(user.id)
      assert.equal((await browser.signInWithPassword(user.email)).location, '/mfa/verify')
      assert.equal((await browser.post('/reset-requests')).status, 303)
      return user.id
    }
    const [admin, tech] = [await asksOf(['admin']), await asksOf(['tech-operator'])]

    const html = await page()

    assert.match(html, new RegExp(`data-reset-request="${admin}"`))
    assert.doesNotMatch(html, new RegExp(`data-reset-request="${tech}"`))
  })

  test('a search shows what it found instead of the cases', async () => {
    assert.doesNotMatch(await page('?q=harbour'), /data-cases/)
    assert.match(await page('?q=ab'), /data-cases/)
  })
})

describe('a ticket', () => {
  const sentences = (html: string) =>
    [...html.matchAll(/<summary><span class="when">.*?<\/span> ([^<]*)/gs)].map(([, text = '']) =>
      text.trim(),
    )

  test('the Service Desk finds everything that was done with a ticket, in every account and letter case', async () => {
    await cast.comeBack(DESK)
    const ticket = 'Call-2026/7'
    assert.equal((await cast.reset(DESK, TECH, { ...EVIDENCE, ticket })).status, 303)
    const { id } = await app.userNamed('tech@meridian.example')
    const disabled = await cast.as(DESK).post(`/users/${id}/disable`, { ...EVIDENCE, ticket: 'CALL-2026/7' })
    assert.equal(disabled.status, 303)

    const html = await page(`?ticket=${encodeURIComponent('call-2026/7')}`)

    assert.equal(sentences(html).length, 2)
    assert.match(sentences(html)[0] ?? '', /disabled the account of Tomasz Nowak/)
    assert.match(sentences(html)[1] ?? '', /reset the MFA of Theo Marchetti/)
    assert.match(html, /class="note">Meridian Foods<.*class="note">Harbour Group</s)
  })

  test('a part of a ticket and an unknown one find nothing', async () => {
    for (const ticket of ['call-2026', 'call-2026/77', '%'])
      assert.match(await page(`?ticket=${encodeURIComponent(ticket)}`), /Nothing was done with this ticket/)
  })

  test('the search by ticket exists for the Service Desk alone', async () => {
    for (const email of [ADMIN, OPERATOR]) {
      await cast.comeBack(email)
      assert.equal((await cast.as(email).get('/service-desk?ticket=Call-2026/7')).status, 404, email)
    }
  })
})
