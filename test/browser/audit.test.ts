// Looking through the audit log and taking it away, with JavaScript and without.
// Pictures of it: SCREENSHOTS=/tmp/pictures npm test -- test/browser/audit
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startApp, type TestApp } from '../support/app.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

let browser: Browser
before(async () => {
  browser = await sharedBrowser()
})
after(() => closeWindows(browser))

for (const javaScriptEnabled of [true, false])
  describe(`the audit log in a browser with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    let app: TestApp
    let admin: Visitor
    let complaints: string[]
    before(async () => {
      app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
      await app.browser().enrolAndSignIn('tech@harbour.example')
      await app.browser().signInWithPassword('finance@harbour.example', 'not the right one')
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
      context.setDefaultTimeout(10_000)
      complaints = Visitor.complaintsIn(context)
      admin = new Visitor(await context.newPage(), app)
      await admin.enrolAndSignIn('admin@harbour.example')
    })
    after(async () => {
      await admin.page.context().close()
      await app.close()
      assert.deepEqual(complaints, [], 'what the browser complained about')
    })
    const look = async (name: string) => {
      if (javaScriptEnabled) await inspect(admin.page, name)
    }
    const sentence = (words: string) => admin.page.locator('.events > li summary', { hasText: words }).first()

    test('the audit log is found in the navigation and shows everything, with details on demand', async () => {
      await admin.page.getByRole('link', { name: 'Audit' }).click()
      await admin.heading('Audit')
      await sentence('A wrong password was entered for Fiona Gallagher.').waitFor()

      await admin.page.locator('.events summary').first().click()
      await admin.page.getByText('Event id').first().waitFor()
      await look('audit-details')
    })

    test('the audit log is filtered with the keyboard alone, and opened again', async () => {
      await admin.visit('/audit')
      await admin.field('Person').focus()
      await admin.page.keyboard.type('Theo Mar')
      await admin.page.keyboard.press('Tab')
      await admin.page.keyboard.type('Sign-in: completed')
      await admin.page.keyboard.press('Tab')
      await admin.page.keyboard.type('Done')
      await admin.page.keyboard.press('Tab')
      await admin.page.keyboard.type('tech@harbour.example')
      await admin.page.keyboard.press('Enter')

      await admin.page.waitForURL(/q=Theo\+Mar.*action=sign-in.completed.*outcome=success/)
      await sentence('Theo Marchetti signed in.').waitFor()
      assert.equal(await admin.page.locator('.events > li').count(), 1)
      assert.equal(await admin.field('Person').inputValue(), 'Theo Mar')
      assert.equal(await admin.field('Done by').inputValue(), 'tech@harbour.example')
      await look('audit-filtered')
      await admin.page.getByRole('link', { name: 'Show everything' }).click()
      await admin.arrivesAt('/audit')
    })

    test('the audit log is filtered to a day, and says when nothing matches', async () => {
      await admin.visit('/audit')
      await admin.field('From').fill('2026-03-02')
      await admin.field('To').fill('2026-03-02')
      await admin.press('Search')
      await admin.page.waitForURL(/from=2026-03-02&to=2026-03-02/)
      await sentence('Amara Okafor signed in.').waitFor()

      await admin.field('From').fill('2026-03-03')
      await admin.field('To').fill('2026-03-04')
      await admin.press('Search')
      await admin.page.getByText('Nothing matches.').waitFor()
      assert.equal(await admin.field('From').inputValue(), '2026-03-03')
    })

    test('one click narrows the audit log to the last days', async () => {
      await admin.visit('/audit?outcome=success')
      await admin.page.getByRole('link', { name: 'Last 7 days' }).click()
      await admin.page.waitForURL(/outcome=success&from=2026-02-24$/)
      assert.equal(await admin.field('From').inputValue(), '2026-02-24')
      await sentence('Amara Okafor signed in.').waitFor()
    })

    test('an invalid filter is named beside its field, and what was typed is kept', async () => {
      await admin.visit('/audit?from=2026-02-30&actor=tech@harbour.example')
      await admin.seesProblem('From', /Write a date such as/)
      assert.equal(await admin.field('From').inputValue(), '2026-02-30')
      assert.equal(await admin.field('Done by').inputValue(), 'tech@harbour.example')
      await look('audit-problem')

      await admin.field('From').fill('2026-02-28')
      await admin.press('Search')
      await sentence('Theo Marchetti signed in.').waitFor()
    })

    test('the audit log is downloaded as a file with the current filters', async () => {
      await admin.visit('/audit?q=fiona')
      const downloading = admin.page.waitForEvent('download')
      await admin.page.getByRole('link', { name: 'CSV' }).click()
      const download = await downloading

      assert.equal(download.suggestedFilename(), 'audit-harbour-group-2026-03-02.csv')
      const file = await readFile(await download.path(), 'utf8')
      assert.match(file, /A wrong password was entered for Fiona Gallagher\./)
      assert.doesNotMatch(file, /Theo/)
      await admin.visit('/audit')
      await sentence('Amara Okafor exported the audit log.').waitFor()
    })
  })
