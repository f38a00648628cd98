// What an application may ask of the sign-in: prompt, max_age, acr_values, id_token_hint; and who may enter.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HOUR } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { type Answer, type Browser, DEMO_PASSWORD, keyOn } from '../support/browser.ts'
import { FINANCE, TECH } from '../support/cast.ts'
import { People } from '../support/people.ts'
import { arriveAtPage, arriveOutside, RelyingParty, startProvider } from './relying-party.ts'

const MFA = 'urn:portcullis:mfa'
const PASSWORD = 'urn:portcullis:password'

let app: TestApp
let people: People
let party: RelyingParty
before(async () => {
  app = await startProvider()
  people = new People(app)
  party = await RelyingParty.register(app)
})
after(() => app?.close())

async function withPassword(): Promise<Browser & { userId: string; email: string }> {
  const { id: userId, email } = await people.add('Harbour Group', ['finance-operator'])
  const browser = app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/')
  app.clock.advance(60_000)
  return Object.assign(browser, { userId, email })
}

async function withMfa(): Promise<Browser & { userId: string }> {
  const { id: userId, email } = await people.add('Harbour Group', ['tech-operator'])
  const browser = Object.assign(app.browser(), { secret: await people.enrol(userId), userId })
  await browser.signIn(email)
  app.clock.advance(60_000)
  return browser
}

async function answerTo(browser: Browser, params: Record<string, string>): Promise<URLSearchParams> {
  const { callback } = await party.authorize(browser, params)
  return callback.searchParams
}

const now = () => Math.floor(app.clock.now().getTime() / 1000)

describe('prompt=none', () => {
  test('answers a code to a person who is signed in to the dashboard, without a page', async () => {
    const { url } = await party.begin({ prompt: 'none' })
    const { location } = await (await withPassword()).get(url.href)
    assert.match(location ?? '', /[?&]code=/)
  })

  test('answers a code as long as the session lasts, also after a new proof of the password has extended it', async () => {
    const extended = await startProvider({ SESSION_IDLE: '24h', SESSION_ABSOLUTE: '2h' })
    try {
      const application = await RelyingParty.register(extended)
      const browser = extended.browser()
      const { email } = await new People(extended).add('Harbour Group', ['finance-operator'])
      await browser.signInWithPassword(email)
      const { url } = await application.begin({ prompt: 'none' })
      assert.match((await browser.get(url.href)).location ?? '', /[?&]code=/)

      extended.clock.advance(1.5 * HOUR)
      await browser.post('/account/authenticator', { password: DEMO_PASSWORD })
      extended.clock.advance(HOUR)

      const later = await application.begin({ prompt: 'none' })
      assert.match((await browser.get(later.url.href)).location ?? '', /[?&]code=/)
    } finally {
      await extended.close()
    }
  })

  test('answers login_required to a browser that is signed out, or not further than the password', async () => {
    const halfway = app.browser()
    await halfway.signInWithPassword(TECH)
    for (const browser of [app.browser(), halfway])
      assert.equal((await answerTo(browser, { prompt: 'none' })).get('error'), 'login_required')
  })

  test('answers login_required if the authentication is older than max_age', async () => {
    const params = { prompt: 'none', max_age: '30' }
    assert.equal((await answerTo(await withPassword(), params)).get('error'), 'login_required')
  })

  test('answers interaction_required if MFA is demanded and the person has none', async () => {
    const params = { prompt: 'none', acr_values: MFA }
    assert.equal((await answerTo(await withPassword(), params)).get('error'), 'interaction_required')
  })
})

describe('a new authentication', () => {
  const requests: Record<string, Record<string, string>> = {
    'prompt=login': { prompt: 'login' },
    'max_age=0': { max_age: '0' },
    'max_age=30, after a minute': { max_age: '30' },
  }
  for (const [name, params] of Object.entries(requests)) {
    test(`${name} asks a person with MFA for a code, and a wrong one is refused`, async () => {
      const browser = await withMfa()
      const begun = await party.begin(params)
      const page = await arriveAtPage(app, browser, begun.url.href)
      assert.match(page.body, /Confirm that it is you/)
      app.clock.advance(1_000)

      assert.equal((await browser.post(page.at, { presence: browser.wrongCode() })).status, 401)
      assert.equal((await arriveAtPage(app, browser, page.at)).at, page.at, 'still asked')
      const { location } = await browser.post(page.at, { presence: browser.nextCode() })
      const callback = await arriveOutside(app, browser, location ?? '')

      const tokens = await party.redeem({ begun, callback })
      assert.equal(tokens.claims()?.auth_time, now())
    })

    test(`${name} asks a person without MFA for the password`, async () => {
      const browser = await withPassword()
      const begun = await party.begin(params)
      const page = await arriveAtPage(app, browser, begun.url.href)
      app.clock.advance(1_000)

      assert.equal((await browser.post(page.at, { presence: 'not my password' })).status, 401)
      const { location } = await browser.post(page.at, { presence: DEMO_PASSWORD })
      const callback = await arriveOutside(app, browser, location ?? '')

      assert.equal((await party.redeem({ begun, callback })).claims()?.auth_time, now())
    })

    test(`${name} cannot be skipped by resuming at once`, async () => {
      const browser = await withPassword()
      const begun = await party.begin(params)
      const { at } = await arriveAtPage(app, browser, begun.url.href)

      const again = await arriveAtPage(app, browser, at.replace('/interaction/', '/auth/'))

      assert.match(again.body, /Confirm that it is you/)
    })
  }

  test('is not asked of a person who has just signed in for it', async () => {
    const browser = app.browser()
    const begun = await party.begin({ prompt: 'login', max_age: '0' })
    const { at } = await arriveAtPage(app, browser, begun.url.href)
    app.clock.advance(5_000)

    const { location } = await browser.post(at, { email: FINANCE, password: DEMO_PASSWORD })

    const callback = await arriveOutside(app, browser, location ?? '')
    assert.equal((await party.redeem({ begun, callback })).claims()?.auth_time, now())
  })

  test('is not asked within max_age', async () => {
    const browser = await withPassword()
    const { begun, callback } = await party.authorize(browser, { max_age: '3600' })
    assert.equal((await party.redeem({ begun, callback }, 3600)).claims()?.auth_time, now() - 60)
  })

  test('wrong codes are counted, and lock', async () => {
    const browser = await withMfa()
    const { url } = await party.begin({ prompt: 'login' })
    const { at } = await arriveAtPage(app, browser, url.href)
    const answers: Answer[] = []
    for (let tries = 0; tries < 6; tries += 1)
      answers.push(await browser.post(at, { presence: browser.wrongCode() }))

    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 401, 401, 401, 401, 429],
    )
  })
})

test('prompt=consent asks nothing, and unknown prompts are an error', async () => {
  const browser = await withPassword()
  assert.ok((await answerTo(browser, { prompt: 'consent' })).get('code'))
  assert.equal((await answerTo(browser, { prompt: 'select_account' })).get('error'), 'invalid_request')
})

test('id_token_hint of the person who is signed in passes, and of another does not', async () => {
  const mine = await withPassword()
  const hint = (await party.signIn(mine)).tokens.id_token ?? ''
  const other = await withPassword()

  assert.ok((await answerTo(mine, { id_token_hint: hint })).get('code'))
  assert.equal((await answerTo(other, { id_token_hint: hint })).get('error'), 'login_required')
})

describe('MFA that the application demands', () => {
  /** Follows the link to enrolment, and comes back to the application. */
  async function enrolOnTheWay(browser: Browser, page: Answer, back: string): Promise<URL> {
    assert.match(page.body, /needs a second factor/)
    const enrolPage = /href="(\/account\/authenticator\?next=[^"]+)"/.exec(page.body)?.[1] ?? ''
    const prove = await browser.get(enrolPage)
    assert.match(prove.body, new RegExp(`action="${enrolPage.replace('?', '\\?')}"`))
    await browser.post(enrolPage, { password: DEMO_PASSWORD })
    assert.equal(browser.last.location, enrolPage)
    const scan = await browser.get(enrolPage)
    browser.secret = keyOn(scan.body)
    const confirm = /action="(\/account\/authenticator\/confirm[^"]+)"/.exec(scan.body)?.[1] ?? ''
    assert.equal((await browser.post(confirm, { code: browser.code() })).location, '/mfa/verify')
    assert.equal((await browser.verify(browser.nextCode())).location, back)
    return arriveOutside(app, browser, back)
  }

  test('by acr_values leads a person without MFA through enrolment and back', async () => {
    const browser = await withPassword()
    const begun = await party.begin({ acr_values: MFA })
    const page = await arriveAtPage(app, browser, begun.url.href)

    const callback = await enrolOnTheWay(browser, page, page.at)

    const claims = (await party.redeem({ begun, callback })).claims()
    assert.equal(claims?.acr, MFA)
    assert.deepEqual(claims?.amr, ['pwd', 'otp', 'mfa'])
  })

  test('in its registration does the same, also for a person who signs in on the way', async () => {
    const strict = await RelyingParty.register(app, { requiresMfa: true })
    const { email } = await people.add('Harbour Group', ['finance-operator'])
    const browser = app.browser()
    const begun = await strict.begin()
    const signIn = await arriveAtPage(app, browser, begun.url.href)
    const { location } = await browser.post(signIn.at, { email, password: DEMO_PASSWORD })
    const page = await arriveAtPage(app, browser, location ?? '')

    const callback = await enrolOnTheWay(browser, page, page.at)

    assert.equal((await strict.redeem({ begun, callback })).claims()?.acr, MFA)
  })

  test('does not hold a person who has it', async () => {
    assert.ok((await answerTo(await withMfa(), { acr_values: MFA })).get('code'))
  })

  test('is a preference only if a password is accepted too', async () => {
    const browser = await withPassword()
    assert.ok((await answerTo(browser, { acr_values: `${MFA} ${PASSWORD}` })).get('code'))
    assert.ok((await answerTo(browser, { acr_values: 'urn:something:else' })).get('code'))
  })
})

describe('a person who may not enter', () => {
  const registrations: Record<string, Parameters<typeof RelyingParty.register>[1]> = {
    'role-group': { roleGroups: ['admin'] },
    client: { clients: [] },
  }
  for (const [refusal, given] of Object.entries(registrations))
    test(`is refused because of the ${refusal}: the application is told, and it is recorded`, async () => {
      const browser = await withPassword()
      const closed = await RelyingParty.register(app, given)

      const { callback } = await closed.authorize(browser)

      assert.equal(callback.searchParams.get('error'), 'access_denied')
      assert.equal(callback.searchParams.get('code'), null)
      const [event] = await people.eventsOf(browser.userId, 'application.entered')
      assert.equal(event?.outcome, 'refused')
      assert.equal(event?.details.refusal, refusal)
      assert.equal(event?.details.applicationId, closed.id)
    })
})
