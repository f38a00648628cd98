// From the registration of an application to being thrown out of it, clicked through with JavaScript and without.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { RunningDashboard } from '../demo-application/running-dashboard.ts'
import { startProvider } from '../oidc/relying-party.ts'
import type { TestApp } from '../support/app.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { People } from '../support/people.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

let browser: Browser
before(async () => {
  browser = await sharedBrowser()
})
after(() => closeWindows(browser))

for (const javaScriptEnabled of [true, false])
  describe(`in a browser with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let app: TestApp
    let dashboard: RunningDashboard
    let people: People
    const complaints: string[] = []
    before(async () => {
      app = await startProvider()
      people = new People(app)
      dashboard = await RunningDashboard.listen()
    })
    after(async () => {
      dashboard?.stop()
      await app?.close()
    })
    afterEach(async () => {
      await closeWindows(browser)
      assert.deepEqual(complaints, [], 'what the browser complained about')
    })

    /** A visitor in a new browser. */
    async function visitor(): Promise<Visitor> {
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
      context.setDefaultTimeout(10_000)
      const theirs = Visitor.complaintsIn(context)
      const page = await context.newPage()
      context.on('close', () => complaints.push(...theirs))
      return new Visitor(page, app)
    }

    test('the Service Desk registers an application, a user enrols to enter it, and after a reset the next click there says that the session has ended', async () => {
      const desk = await visitor()
      await desk.enrolAndSignIn('desk@platform.example', '/applications')
      await desk.page.getByRole('link', { name: 'Register an application' }).click()
      await desk.page.getByRole('link', { name: 'Use OpenID Connect' }).click()
      await desk.field('Name').fill('Quayside')
      await desk.page.getByRole('radio', { name: 'Money' }).check({ force: true })
      await desk.field('Address').fill(`${dashboard.address}/`)
      await desk.page.getByLabel('Of every account').check()
      await desk.page.getByLabel('Finance Manager').check()
      await desk.page.getByLabel('Require MFA').check()
      await desk.field('Redirect addresses').fill(`${dashboard.address}/callback`)
      await desk.field('Addresses after sign-out').fill(`${dashboard.address}/signed-out`)
      await desk.field('Ticket').fill('SD-1')
      await desk.field('Why is it being registered?').fill('The finance team asked for it')
      await desk.press('Register the application')
      await desk.heading('The new secret')
      const secret = (await desk.page.locator('#client-secret').textContent()) ?? ''
      const clientId = (await desk.page.locator('#client-id').textContent()) ?? ''
      await desk.page.getByRole('link', { name: 'I have copied it' }).click()
      await desk.heading('Quayside')
      assert.ok(!(await desk.page.content()).includes(secret))
      dashboard.serve(app, clientId, secret)

      const fiona = await visitor()
      await fiona.visit('/sign-in')
      await fiona.enterPassword('finance@harbour.example')
      await fiona.heading('Hello, Fiona Gallagher')
      await fiona.page.getByText('needs your authenticator').waitFor()
      await fiona.page.getByRole('link', { name: 'Quayside' }).click()
      await fiona.heading('Quayside needs a second factor')
      await fiona.page.getByRole('link', { name: 'Set up an authenticator' }).click()
      await fiona.field('Password').fill(DEMO_PASSWORD)
      await fiona.press('Go on')
      await fiona.typeKey()
      await fiona.enterCode(fiona.phone.code())
      await fiona.page.waitForURL(/mfa\/verify/)
      await fiona.enterCode(fiona.phone.nextCode())
      await fiona.page.waitForURL(`${dashboard.address}/`)
      await fiona.heading('Overview')
      await fiona.page.getByText('a code from your authenticator').waitFor()
      await fiona.page.getByRole('link', { name: 'Payments to approve' }).first().click()
      await fiona.heading('Payments to approve')

      const amara = await visitor()
      await amara.enrolAndSignIn('admin@harbour.example', '/users')
      await amara.page.getByRole('link', { name: 'Fiona Gallagher', exact: true }).click()
      await amara.page.locator('#applications', { hasText: 'Quayside' }).waitFor()
      await amara.page.getByRole('link', { name: 'Reset MFA' }).click()
      await amara.page.locator('#reason').fill('Phone lost')
      await amara.page.locator('form:has(#reason) [type=submit]').click()
      await amara.page.getByText('no longer works').waitFor()

      await fiona.page.getByRole('link', { name: 'Overview' }).click()
      await fiona.heading('Your session has ended')
      await fiona.page.getByRole('link', { name: 'Sign in again' }).click()
      await fiona.page.waitForURL(/\/sign-in/)
    })

    test('a person signs out of the dashboard and of the gate', async () => {
      const theo = await visitor()
      const { id, email } = await people.add('Harbour Group', ['finance-manager'])
      theo.phone.remember(await people.enrol(id))
      await theo.page.goto(dashboard.address)
      await theo.enterPassword(email)
      await theo.enterCode(theo.phone.nextCode())
      await theo.page.waitForURL(`${dashboard.address}/`)

      await theo.press('Sign out')
      await theo.page.waitForURL(`${app.origin}/oidc/session/end?**`)
      await theo.page.locator('main form [type=submit]').first().click()
      await theo.page.waitForURL(`${dashboard.address}/signed-out`)

      await theo.visit('/')
      await theo.arrivesAt('/sign-in')
    })

    if (javaScriptEnabled)
      test('the pages of the demo dashboard are accessible and fit 320 pixels', async () => {
        const kai = await visitor()
        const { id, email } = await people.add('Harbour Group', ['finance-manager'])
        kai.phone.remember(await people.enrol(id))
        await kai.page.goto(dashboard.address)
        await kai.enterPassword(email)
        await kai.enterCode(kai.phone.nextCode())
        await kai.page.waitForURL(`${dashboard.address}/`)
        await inspect(kai.page, 'demo-overview')
        for (const path of ['/approvals', '/services', '/nothing', '/signed-out']) {
          await kai.page.goto(dashboard.address + path)
          await inspect(kai.page, `demo${path.replace('/', '-')}`)
        }
        await kai.visit('/')
        await kai.signOut()
        await kai.page.goto(dashboard.address)
        await kai.heading('Your session has ended')
        await inspect(kai.page, 'demo-ended')
      })
  })
