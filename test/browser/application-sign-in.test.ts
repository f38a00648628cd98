// From an application through the gate and back, in Chromium. Its form-action stops redirects that begin with a form.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { SECOND } from '../../src/platform/time/durations.ts'
import { startProvider } from '../oidc/relying-party.ts'
import type { TestApp } from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { startTinyApplication, type TinyApplication } from './tiny-application.ts'
import { Visitor } from './visitor.ts'

let browser: Browser
before(async () => {
  browser = await sharedBrowser()
})
after(() => closeWindows(browser))

for (const javaScriptEnabled of [true, false])
  describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let app: TestApp
    let ledger: TinyApplication
    let vault: TinyApplication
    before(async () => {
      app = await startProvider()
      ledger = await startTinyApplication(app, { name: 'Ledger' })
      vault = await startTinyApplication(app, { name: 'Vault', requiresMfa: true })
    })
    after(async () => {
      ledger.close()
      vault.close()
      await app.close()
    })
    afterEach(() => closeWindows(browser))

    async function visitor(): Promise<Visitor & { complaints: string[] }> {
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
      context.setDefaultTimeout(10_000)
      const complaints = Visitor.complaintsIn(context)
      return Object.assign(new Visitor(await context.newPage(), app), { complaints })
    }

    test('a person enrols on the way, comes back, and signs out from the application', async () => {
      const theo = await visitor()
      await theo.page.goto(ledger.origin)
      await theo.heading('Sign in')

      await theo.enterPassword('tech@harbour.example')
      await theo.enrol()
      await theo.enterCode(theo.phone.nextCode())
      await theo.heading('Ledger of Theo Marchetti')

      await theo.page.getByRole('link', { name: 'Leave' }).click()
      await theo.heading('Sign out')
      await theo.press('Sign out everywhere')
      await theo.heading('Goodbye')
      await theo.visit('/')
      await theo.heading('Sign in')
      assert.deepEqual(theo.complaints, [])
    })

    test('a person who is signed in already is let through without a page, and may stay signed in', async () => {
      const fiona = await visitor()
      await fiona.signInWithPassword('finance@harbour.example')

      await fiona.page.goto(ledger.origin)
      await fiona.heading('Ledger of ')
      await fiona.page.goto(`${ledger.origin}/leave`)
      await fiona.heading('Sign out')
      await fiona.press('Leave Ledger only')
      await fiona.heading('Goodbye')

      await fiona.visit('/account')
      await fiona.heading('Your account')
      assert.deepEqual(fiona.complaints, [])
    })

    test('a person without MFA is led through enrolment by an application that demands it', async () => {
      const fiona = await visitor()
      await fiona.page.goto(vault.origin)
      await fiona.enterPassword('tech@meridian.example')
      await fiona.heading('Vault needs a second factor')
      await fiona.page.getByRole('link', { name: 'Set up an authenticator' }).click()
      await fiona.field('Password').fill(DEMO_PASSWORD)
      await fiona.press('Go on')
      await fiona.page.locator('#manual-key').waitFor()
      await fiona.typeKey()
      await fiona.enterCode(fiona.phone.code())
      await fiona.arrivesAt('/mfa/verify')
      await fiona.enterCode(fiona.phone.nextCode())

      await fiona.heading('Vault of ')
      assert.deepEqual(fiona.complaints, [])
    })

    test('a new authentication is asked for and leads back', async () => {
      const fiona = await visitor()
      await fiona.signInWithPassword('admin@meridian.example')
      app.clock.advance(SECOND)
      await fiona.page.goto(`${ledger.origin}/again`)
      await fiona.heading('Confirm that it is you')
      app.clock.advance(SECOND)

      await fiona.field('Your password').fill('not my password at all')
      await fiona.press('Confirm and go on')
      await fiona.seesProblem('Your password', /not right/)
      await fiona.field('Your password').fill(DEMO_PASSWORD)
      await fiona.press('Confirm and go on')

      await fiona.heading('Ledger of ')
      assert.deepEqual(fiona.complaints, [])
    })

    test('a code that is sent in a form arrives too', async () => {
      const fiona = await visitor()
      await fiona.signInWithPassword('finance@harbour.example')

      await fiona.page.goto(`${ledger.origin}/form`)
      if (!javaScriptEnabled) await fiona.press('Continue')

      await fiona.heading('Ledger of ')
      assert.deepEqual(fiona.complaints, [])
    })

    test('signing out goes on to the application if the session has ended already', async () => {
      const fiona = await visitor()
      await fiona.signInWithPassword('finance@harbour.example')
      await fiona.page.goto(ledger.origin)
      await fiona.heading('Ledger of ')
      await fiona.visit('/')
      await fiona.signOut()

      await fiona.page.goto(`${ledger.origin}/leave`)
      if (!javaScriptEnabled) await fiona.press('Continue')

      await fiona.heading('Goodbye')
      assert.deepEqual(fiona.complaints, [])
    })
  })
