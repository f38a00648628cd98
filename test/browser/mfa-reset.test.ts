// The specification's resets, clicked through with JavaScript and without.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startWorker } from '../../workers/start-worker.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { SHORT } from '../workers/short-times.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

let browser: Browser
before(async () => {
  browser = await sharedBrowser()
})
after(() => closeWindows(browser))

for (const javaScriptEnabled of [true, false])
  describe(`resets in a browser with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let app: TestApp
    before(async () => {
      app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
    })
    after(() => app.close())
    afterEach(() => closeWindows(browser))

    async function signedIn(email: string, path = '/'): Promise<Visitor> {
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
      context.setDefaultTimeout(10_000)
      const visitor = new Visitor(await context.newPage(), app)
      await visitor.enrolAndSignIn(email, path)
      return visitor
    }

    test('an Admin resets a Tech Operator, sees the worker complete it, and the Tech Operator re-enrols', async () => {
      const theo = await signedIn('tech@harbour.example')
      const admin = await signedIn('admin@harbour.example', '/users')

      const row = admin.page.locator('[data-user-id]', { hasText: 'Theo Marchetti' }).first()
      await row.locator('summary').click()
      await row.getByRole('link', { name: 'Reset MFA' }).click()
      await admin.heading('Reset the MFA of Theo Marchetti')
      if (javaScriptEnabled) await inspect(admin.page, 'reset-confirm')
      await admin.page.getByLabel('Why is it being reset?').fill('Phone lost on the train')
      await admin.press('Reset MFA')
      await admin.page
        .locator(javaScriptEnabled ? '[role=status]:focus' : '[role=status]', {
          hasText: 'of Theo Marchetti no longer works',
        })
        .waitFor()
      await admin.page.getByText('Reset requested').waitFor()
      if (javaScriptEnabled) {
        await inspect(admin.page, 'users-resetting')
        await admin.page.getByRole('link', { name: 'Theo Marchetti', exact: true }).focus()
        await admin.page.evaluate("document.activeElement.dataset.before = 'yes'")
        // The row refreshes itself and keeps the focus.
        await admin.page.locator('th a:focus:not([data-before])', { hasText: 'Theo Marchetti' }).waitFor()
      }

      assert.equal(await row.getByText('Reset requested').count(), 1, 'no worker has run yet')
      const worker = await startWorker(app.deps, SHORT)
      const completed = row.locator('[data-reset=completed]', { hasText: 'must enrol again to sign in' })
      try {
        // The row refreshes itself; without JavaScript the Admin reloads.
        if (javaScriptEnabled) await completed.waitFor()
        else
          await eventually('the reset is completed', async () => {
            await admin.visit('/users')
            return (await completed.count()) === 1
          })
      } finally {
        await worker.stop()
      }
      assert.equal(await row.getByText('Reset requested').count(), 0)

      await theo.visit('/')
      await theo.arrivesAt('/sign-in')
      await theo.enterPassword('tech@harbour.example')
      await theo.enrol()
      await theo.enterCode(theo.phone.nextCode())
      await theo.arrivesAt('/')
    })

    test('a parent Admin sees the users of a child account and is offered no act on them', async () => {
      await signedIn('tech@retail.harbour.example')
      const admin = await signedIn('admin2@harbour.example')

      await admin.page.getByRole('link', { name: 'Accounts' }).click()
      await admin.page.getByRole('link', { name: 'Users of Harbour Retail' }).click()
      await admin.page.getByText('tech@retail.harbour.example').first().waitFor()

      const main = admin.page.getByRole('main')
      assert.equal(await main.getByRole('link', { name: /Reset MFA/ }).count(), 0)
      assert.equal(await main.getByRole('button', { name: /Unlock|Reset/ }).count(), 0)
      if (javaScriptEnabled) await inspect(admin.page, 'child-users')
    })

    test('the Service Desk resets an Admin with ticket and evidence', async () => {
      const child = await signedIn('admin@retail.harbour.example')
      const agent = await signedIn('desk@platform.example', '/service-desk?q=admin@retail.harbour.example')

      await agent.page.locator('tr summary').click()
      await agent.page.getByRole('link', { name: 'Reset MFA' }).click()
      await agent.page.getByLabel('Why is it being reset?').fill('New phone')
      await agent.page.getByLabel('Ticket').fill('SD-4711')
      await agent.page.getByLabel('By video').check()
      await agent.press('Reset MFA')
      await agent.page.getByText('Reset requested').first().waitFor()

      await child.visit('/')
      await child.arrivesAt('/sign-in')
    })
  })
