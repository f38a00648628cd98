// Inviting and activating, changing role groups, disabling: clicked through with JavaScript and without.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { type RunningWorker, startWorker } from '../../workers/start-worker.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { People } from '../support/people.ts'
import { SHORT } from '../workers/short-times.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

let browser: Browser
before(async () => {
  browser = await sharedBrowser()
})
after(() => closeWindows(browser))

for (const javaScriptEnabled of [true, false])
  describe(`people in a browser with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let app: TestApp
    let admin: Visitor
    let worker: RunningWorker
    before(async () => {
      app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
      admin = await newVisitor()
      await admin.enrolAndSignIn('admin@harbour.example')
      worker = await startWorker(app.deps, SHORT)
    })
    after(async () => {
      await closeWindows(browser)
      await worker.stop()
      await app.close()
    })

    async function newVisitor(): Promise<Visitor> {
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
      context.setDefaultTimeout(10_000)
      return new Visitor(await context.newPage(), app)
    }

    async function look(name: string): Promise<void> {
      if (javaScriptEnabled) await inspect(admin.page, name)
    }

    test('an Admin invites a Tech Operator, who activates the account', async () => {
      await admin.visit('/users')
      await admin.page.getByRole('link', { name: 'Invite user' }).click()
      await admin.heading('Invite user')
      await look('invite')
      await admin.field('E-mail address').fill('tech@meridian.example')
      await admin.field('Name').fill('Nora Newcomer')
      await admin.page.getByLabel('Tech Operator').check()
      await admin.press('Send the invitation')
      await admin.seesProblem('E-mail address', /exists already/)
      assert.equal(await admin.field('Name').inputValue(), 'Nora Newcomer')
      assert.ok(await admin.page.getByLabel('Tech Operator').isChecked())
      await look('invite-taken')
      await admin.field('E-mail address').fill('nora@harbour.example')
      await admin.press('Send the invitation')
      await admin.arrivesAt('/users')
      await admin.page.getByRole('link', { name: 'Nora Newcomer', exact: true }).click()
      await admin.page.getByText('The invitation was sent').waitFor()
      await look('user-invited')

      const nora = await newVisitor()
      await nora.visit(await new People(app).invitationLink('nora@harbour.example'))
      await nora.field('New password').fill('seven green lanterns in fog')
      await nora.press('Continue')
      await nora.enrol()
      await nora.enterCode(nora.phone.nextCode())
      await nora.heading('Hello, Nora Newcomer')
    })

    test('a user is invited and the invitation withdrawn with the keyboard alone', async () => {
      const { keyboard } = admin.page
      await admin.visit('/users')
      await admin.tabTo('a[href="/users/new"]')
      await keyboard.press('Enter')
      await admin.heading('Invite user')
      await admin.tabTo('#email')
      await keyboard.type('kim@harbour.example')
      await keyboard.press('Tab')
      await keyboard.type('Kim Keys')
      await admin.tabTo('[value="tech-operator"]')
      await keyboard.press('Space')
      await keyboard.press('Tab')
      await keyboard.press('Enter')
      await admin.arrivesAt('/users')
      await admin.visit('/users?q=kim')
      await admin.tabTo('tbody a')
      await keyboard.press('Enter')
      await admin.heading('Kim Keys')
      await admin.tabTo('a[href*="/invitation/withdraw"]')
      await keyboard.press('Enter')
      await admin.heading('Withdraw the invitation of Kim Keys')
      await admin.tabTo('main [type=submit]')
      await keyboard.press('Enter')
      await admin.page.waitForURL(/\/users\?q=kim/)
      await admin.page.getByText('The invitation is withdrawn.').waitFor()
      assert.equal(await admin.page.getByText('Kim Keys').count(), 0)
    })

    test('an invitation is sent again and withdrawn', async () => {
      await admin.visit('/users?q=kowalska')
      await admin.page.getByRole('link', { name: 'Nina Kowalska', exact: true }).click()
      await admin.page.getByRole('link', { name: 'Send the invitation again' }).click()
      await admin.heading('Send Nina Kowalska the invitation again')
      await look('invitation-resend')
      await admin.press('Send it again')
      await admin.page.getByText('The invitation was sent').waitFor()
      await admin.page.getByRole('link', { name: 'Withdraw the invitation' }).click()
      await admin.heading('Withdraw the invitation of Nina Kowalska')
      await look('invitation-withdraw')
      await admin.press('Withdraw it')
      await admin.page.waitForURL(/\/users\?q=kowalska/)
      await admin.page.getByText('The invitation is withdrawn.').waitFor()
      assert.equal(await admin.page.getByText('Nina Kowalska').count(), 0)
    })

    test('a role change holds an open session at its next click', async () => {
      const samir = await newVisitor()
      await samir.signInWithPassword('support@harbour.example')
      await samir.heading('Hello, Samir Haddad')

      await admin.visit('/users?q=samir')
      await admin.page.getByRole('link', { name: 'Samir Haddad' }).click()
      await admin.page.getByRole('link', { name: 'Change role groups' }).click()
      await admin.heading('Change the role groups of Samir Haddad')
      await admin.page.getByLabel('Customer Service Operator').uncheck()
      await admin.press('Save the role groups')
      await admin.page.locator('[role=alert]', { hasText: 'Choose at least one' }).waitFor()
      await look('role-groups-problem')
      await admin.page.getByLabel('Tech Operator').check()
      await admin.press('Save the role groups')
      await admin.page.waitForURL(/\/users\/[0-9a-f-]{36}\?/)

      await samir.visit('/')
      await samir.arrivesAt('/mfa/enrol')
    })

    test('disabling a user signs them out at their next request, and enabling lets them in again', async () => {
      const fiona = await newVisitor()
      await fiona.signInWithPassword('finance@harbour.example')
      await fiona.heading('Hello, Fiona Gallagher')

      await admin.visit('/users?q=fiona')
      await admin.page.getByRole('link', { name: 'Fiona Gallagher' }).click()
      await admin.page.getByRole('link', { name: 'Disable the account' }).click()
      await admin.heading('Disable the account of Fiona Gallagher')
      await look('disable')
      await admin.field('Why is it being disabled?').fill('Left the company')
      await admin.press('Disable the account')
      await admin.page.getByText('It is disabled').waitFor()
      await look('user-disabled')
      await fiona.visit('/')
      await fiona.arrivesAt('/sign-in')

      await admin.page.getByRole('link', { name: 'Enable the account' }).click()
      await admin.field('Why is it being enabled?').fill('Is back')
      await admin.press('Enable the account')
      await admin.page.getByRole('link', { name: 'Disable the account' }).waitFor()
      await fiona.enterPassword('finance@harbour.example')
      await fiona.heading('Hello, Fiona Gallagher')
    })

    test('users are invited from a file whose lines are checked before and reported after', async () => {
      await admin.visit('/users')
      await admin.page.getByRole('link', { name: 'Import CSV' }).click()
      await admin.heading('Import CSV')
      await look('import')
      const csv =
        'email,name,roleGroups\nada@harbour.example,Ada Ångström,tech-operator\nno address,Nobody,admin\n'
      await admin.page.getByLabel('CSV file').setInputFiles({
        name: 'people.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(csv),
      })
      await admin.press('Check the lines')
      await admin.page.getByText('1 of 2 people can be invited').waitFor()
      await look('import-preview')
      await admin.press('Invite 1 person')
      const done = admin.page.getByText('1 of 2 people were invited')
      for (let look = 0; !javaScriptEnabled && look < 50 && (await done.count()) === 0; look += 1)
        await admin.page.reload()
      await done.waitFor()
      await admin.page.locator('[data-line="2"]').getByText('Invited').waitFor()
      await admin.page.getByRole('link', { name: 'To the users' }).click()
      await admin.page.getByRole('link', { name: 'Ada Ångström', exact: true }).waitFor()
    })
  })
