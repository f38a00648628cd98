// A second agent approves who is to administer: clicked through with JavaScript and without.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startApp, type TestApp } from '../support/app.ts'
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
  describe(`approvals in a browser with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let app: TestApp
    let daniel: Visitor
    let deepa: Visitor
    const complaints: string[] = []
    before(async () => {
      app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
      daniel = await newVisitor()
      deepa = await newVisitor()
      await daniel.enrolAndSignIn('desk@platform.example', '/approvals')
      await deepa.enrolAndSignIn('desk2@platform.example', '/approvals')
    })
    after(async () => {
      await closeWindows(browser)
      await app.close()
      assert.deepEqual(complaints, [], 'what the browser complained about')
    })

    async function newVisitor(): Promise<Visitor> {
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
      context.setDefaultTimeout(10_000)
      const own = Visitor.complaintsIn(context)
      context.on('close', () => complaints.push(...own))
      return new Visitor(await context.newPage(), app)
    }

    async function look(visitor: Visitor, name: string): Promise<void> {
      if (javaScriptEnabled) await inspect(visitor.page, name)
    }

    test('a request to make a user Admin waits, is refused by a second agent, and is approved the second time', async () => {
      await look(daniel, 'approvals-none')
      const theo = await app.userNamed('tech@harbour.example')
      const ask = async () => {
        await daniel.visit(`/users/${theo.id}/role-groups`)
        await daniel.field('Admin').check()
        await daniel.field('Ticket').fill('SD-4711')
        await daniel.field('Why are they being changed?').fill('Takes over from Amara')
        await daniel.press('Save the role groups')
        await daniel.arrivesAt(`/users/${theo.id}`)
      }
      await ask()
      await daniel.page.locator('[role=status]', { hasText: 'waits for a second agent' }).waitFor()
      await daniel.page.getByRole('heading', { name: 'Waiting for a second agent' }).waitFor()
      await look(daniel, 'user-waiting')
      await daniel.page.getByRole('link', { name: 'Look at the request' }).click()
      await daniel.heading('Admin for Theo Marchetti')
      await look(daniel, 'approval-own')

      await deepa.visit('/approvals')
      await deepa.page.getByRole('link', { name: 'Approvals 1 waiting for you' }).waitFor()
      await look(deepa, 'approvals')
      await deepa.page.getByRole('link', { name: 'Admin for Theo Marchetti of Harbour Group' }).click()
      await deepa.heading('Admin for Theo Marchetti')
      await look(deepa, 'approval')
      await deepa.page.getByLabel('Refuse: nothing changes').check()
      await deepa.press('Decide')
      await deepa.seesProblem('Why?', /Say why you refuse/)
      assert.ok(await deepa.page.getByLabel('Refuse: nothing changes').isChecked())
      await look(deepa, 'approval-problem')
      await deepa.field('Why?').fill('Nobody told me')
      await deepa.press('Decide')
      await deepa.page.locator('[role=status]', { hasText: 'It is refused' }).waitFor()
      await look(deepa, 'approvals-refused')

      await ask()
      await deepa.visit('/approvals')
      await deepa.page.locator('.cases a').click()
      await deepa.page.getByLabel('Approve: it takes effect at once').check()
      await deepa.press('Decide')
      await deepa.page.locator('[role=status]', { hasText: 'It is approved' }).waitFor()
      assert.deepEqual(await new People(app).roleGroupsOf(theo.id), ['admin', 'tech-operator'])
    })

    test('an agent asks for a colleague and withdraws the request', async () => {
      const clientId = await new People(app).clientId('Portcullis Platform')
      await daniel.visit(`/clients/${clientId}/users/new`)
      await daniel.field('E-mail address').fill('desk3@platform.example')
      await daniel.field('Name').fill('Dora Third')
      await daniel.field('Service Desk').check()
      await daniel.field('Ticket').fill('SD-4712')
      await daniel.field('Why are they being invited?').fill('New colleague')
      await daniel.press('Send the invitation')
      await daniel.heading('Service Desk for Dora Third')
      await look(daniel, 'approval-invitation')
      await daniel.press('Withdraw the request')
      await daniel.page.locator('[role=status]', { hasText: 'is withdrawn' }).waitFor()
    })

    test('the page tells an agent who is alone who approves instead', async () => {
      const setStatus = (email: string) =>
        app.database.sql`update users set status = 'disabled' where email = ${email}`
      await setStatus('desk2@platform.example')
      await daniel.visit('/approvals')
      await daniel.page.getByText('An Operator approves it instead').waitFor()
      await look(daniel, 'approvals-operator')
      await setStatus('operator@platform.example')
      await daniel.visit('/approvals')
      await daniel.page.getByText('it cannot be given').waitFor()
      await look(daniel, 'approvals-alone')
    })
  })
