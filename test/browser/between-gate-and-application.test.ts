// Every page on the way from and to an application, in a real browser: accessible, 320 pixels wide, without a complaint.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import { SECOND } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { RelyingParty, startProvider } from '../oidc/relying-party.ts'
import type { TestApp } from '../support/app.ts'
import { addApplication } from '../support/applications.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

const FINANCE = 'finance@harbour.example'
/** A host of an application, encoded for an address. */
const hostOf = (name: string) => `${name.toLowerCase().replaceAll(' ', '-')}.example`

let app: TestApp
let browser: Browser
let context: BrowserContext
let complaints: string[]
let visitor: Visitor

before(async () => {
  app = await startProvider()
  browser = await sharedBrowser()
  await ensureSigningKeys(app.deps)
})
after(async () => {
  await closeWindows(browser)
  await app?.close()
})
beforeEach(async () => {
  context = await browser.newContext({ reducedMotion: 'reduce' })
  context.setDefaultTimeout(10_000)
  complaints = Visitor.complaintsIn(context)
  visitor = new Visitor(await context.newPage(), app)
})
afterEach(async () => {
  await context.close()
  assert.deepEqual(complaints, [], 'what the browser complained about')
})

const look = (name: string) => inspect(visitor.page, name)

/** Pages that go on by themselves stay. */
const goNowhere = () =>
  context.route(`${app.origin}/**`, async (route) => {
    if (route.request().resourceType() !== 'document') return route.continue()
    const response = await route.fetch({ maxRedirects: 0 })
    const body = (await response.text()).replace(/<meta http-equiv="refresh"[^>]*>/, '')
    const { 'content-length': _length, ...headers } = response.headers()
    await route.fulfill({ status: response.status(), headers, body })
  })

describe('pages behind a proxy', () => {
  const add = async (name: string, given: Partial<Parameters<typeof addApplication>[1]> = {}) => {
    const host = hostOf(name)
    await addApplication(app.deps.db, {
      name,
      way: 'forward-auth',
      host,
      address: `https://${host}/`,
      ...given,
    })
    return `/access?host=${host}`
  }

  test('why a person may not enter', async () => {
    await visitor.signInWithPassword(FINANCE)
    const refused = {
      'Board papers': { roleGroups: ['admin'] },
      'Fleet and fuel': { clients: [] },
      'Old ledger': { disabledAt: app.clock.now() },
      Treasury: { requiresMfa: true },
    }
    for (const [name, given] of Object.entries(refused)) {
      await visitor.visit(await add(name, given))
      await visitor.page.getByText(name).first().waitFor()
      await look(`access-${hostOf(name)}`)
    }
  })

  test('the way into the application, and out of it', async () => {
    await visitor.signInWithPassword(FINANCE)
    const access = await add('Reports of the quarter')
    await goNowhere()

    await visitor.visit(access)
    await visitor.heading('Opening Reports of the quarter …')
    await look('access-opening')
    await visitor.visit('/sign-out')
    await visitor.heading('Sign out?')
    await look('sign-out')
  })

  test('answers at the host of the application', async () => {
    await add('Stock')
    await visitor.page.setExtraHTTPHeaders({
      'x-forwarded-host': hostOf('Stock'),
      'x-forwarded-uri': '/a//b',
      'x-forwarded-method': 'GET',
    })
    for (const [path, heading] of [
      ['/.portcullis/nothing', 'There is nothing here'],
      ['/.portcullis/callback?code=used', 'This link no longer works'],
      ['/forward-auth', 'This request was refused'],
    ] as const) {
      await visitor.visit(path)
      await visitor.heading(heading)
      await look(`at-host-${heading.toLowerCase().replaceAll(' ', '-')}`)
    }
  })
})

describe('pages of OpenID Connect', () => {
  test('what was wrong with a request', async () => {
    await visitor.signInWithPassword(FINANCE)
    const party = await RelyingParty.register(app, { name: 'Old forecast' })
    const { url } = await party.begin()
    const wrong = await party.begin({ redirect_uri: 'https://elsewhere.example/' })
    await visitor.page.goto(wrong.url.href)
    await visitor.heading('The application sent you here with a wrong request')
    await look('oidc-wrong')
    await visitor.visit('/oidc/auth?client_id=made-up')
    await visitor.heading('The application that sent you here is not known')
    await look('oidc-unknown')
    await app.deps.sql`update applications set disabled_at = now() where id = ${party.id}`
    await visitor.page.goto(url.href)
    await visitor.heading('You may not open Old forecast')
    await look('oidc-switched-off')
    await visitor.visit('/oidc/auth/over')
    await visitor.heading('This sign-in cannot be continued')
    await look('oidc-expired')
    await visitor.visit('/oidc/interaction/over')
    await visitor.heading('This sign-in is over')
    await look('oidc-over')
  })

  test('what a person still has to do, and on', async () => {
    await visitor.signInWithPassword(FINANCE)
    await goNowhere()
    app.clock.advance(SECOND)
    const vault = await RelyingParty.register(app, { name: 'Vault', requiresMfa: true })
    await visitor.page.goto((await vault.begin()).url.href)
    await visitor.heading('Vault needs a second factor')
    await look('oidc-enrol')

    const ledger = await RelyingParty.register(app, { name: 'Ledger' })
    await visitor.page.goto((await ledger.begin({ prompt: 'login' })).url.href)
    await visitor.heading('Confirm that it is you')
    await look('oidc-step-up')
    await visitor.field('Your password').fill('not my password at all')
    await visitor.press('Confirm and go on')
    await visitor.seesProblem('Your password', /not right/)
    await look('oidc-step-up-wrong')

    const { url } = await ledger.begin({ prompt: 'consent' })
    const { location = '' } = (await context.request.get(url.href, { maxRedirects: 0 })).headers()
    await visitor.visit(location)
    await visitor.heading('On to Ledger')
    await look('oidc-on')
  })

  test('signing out at the wish of an application', async () => {
    await visitor.signInWithPassword(FINANCE)
    const ledger = await RelyingParty.register(app, { name: 'Ledger of the group' })

    await visitor.visit(`/oidc/session/end?client_id=${ledger.id}`)
    await visitor.heading('Sign out')
    await look('oidc-sign-out')
    await visitor.visit('/oidc/session/end')
    await visitor.heading('Sign out')
    await look('oidc-sign-out-of-none')
  })
})
