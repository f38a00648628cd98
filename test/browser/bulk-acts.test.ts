// Selecting people in their list and acting on several at once, with JavaScript and without.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startApp, type TestApp } from '../support/app.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { People } from '../support/people.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

const LIST = '/users?role=customer-service-operator'

let browser: Browser
let app: TestApp
before(async () => {
  browser = await sharedBrowser()
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  const people = new People(app)
  for (let number = 0; number < 55; number += 1)
    await people.add('Harbour Group', ['customer-service-operator'])
})
after(async () => {
  await closeWindows(browser)
  await app.close()
})

async function visitor(email: string, javaScriptEnabled: boolean): Promise<Visitor> {
  const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce' })
  context.setDefaultTimeout(10_000)
  const admin = new Visitor(await context.newPage(), app)
  await admin.enrolAndSignIn(email, LIST)
  return admin
}

function box({ page }: Visitor, number: number) {
  return page.locator('[name="userId"]').nth(number)
}

async function disablesSelected(admin: Visitor, result: RegExp): Promise<void> {
  const { page } = admin
  await page.getByLabel('What to do').selectOption('Disable account')
  await admin.press('Preview')
  await admin.heading('Disable accounts')
  await page.getByRole('textbox', { name: 'Why are they being disabled?' }).fill('The season is over')
  await page.getByRole('button', { name: /^Disable \d+ p/ }).click()
  await page.getByRole('heading', { name: result }).waitFor()
}

describe('selecting with JavaScript', () => {
  let admin: Visitor
  before(async () => {
    admin = await visitor('admin@harbour.example', true)
  })

  test('a bar comes with the first person who is selected, is announced, and goes with the last', async () => {
    const { page } = admin
    // So short that the bar covers no check box.
    await admin.visit('/users?role=tech-operator')
    const bar = page.locator('.bulk-bar')
    assert.equal(await bar.isVisible(), false)
    await inspect(page, 'users-selectable')

    const first = page.getByRole('checkbox', { name: 'Select Theo Marchetti' })
    await first.focus()
    await page.keyboard.press('Space')
    assert.ok(await bar.isVisible())
    assert.equal(
      await page.locator('[data-selected]').textContent(),
      'Selected: 1. What to do is below the list.',
    )
    await inspect(page, 'users-selected')

    await page.keyboard.press('Space')
    assert.equal(await bar.isVisible(), false)
    assert.equal(await page.locator('[data-selected]').textContent(), 'No one is selected.')
  })

  test('everyone on the page and then all who match are selected by one check box and one button', async () => {
    const { page } = admin
    await admin.visit(LIST)
    await page.setViewportSize({ width: 1280, height: 800 })

    await page.getByRole('checkbox', { name: 'Select everyone on this page' }).check()
    await page.getByText('Selected: 50', { exact: true }).waitFor()
    await admin.press('Select all 56 that match these filters')
    await page.getByText('Selected: all 56 that match these filters', { exact: true }).waitFor()
    await page.getByLabel('What to do').selectOption('Disable account')
    await admin.press('Preview')

    await page.getByRole('heading', { name: '56 of 56 people will be disabled' }).waitFor()
    await page.getByRole('link', { name: 'Cancel' }).click()
    await admin.arrivesAt(LIST)
  })

  test('after the preview and the reason each outcome is told, and the way leads back to the same list', async () => {
    const { page } = admin
    await page.goto(`${app.origin}/users`)
    await page.getByRole('checkbox', { name: 'Select Amara Okafor' }).check()
    await box(admin, 3).check()
    await box(admin, 4).check()
    await page.getByLabel('What to do').selectOption('Disable account')
    await admin.press('Preview')
    await page.getByRole('heading', { name: /will be disabled/ }).waitFor()
    await inspect(page, 'bulk-act-preview')
    await page.getByRole('textbox').last().fill('The season is over')
    await page.getByRole('button', { name: /^Disable \d+ p/ }).click()
    const result = page.getByRole('heading', { name: /were disabled|was disabled/ })
    await result.waitFor()
    await inspect(page, 'bulk-act-done')

    await page.getByRole('link', { name: 'Back to the list' }).click()
    await admin.arrivesAt('/users')
  })
})

describe('selecting without JavaScript', () => {
  test('single people and all on a page are selected by the form below the list', async () => {
    const admin = await visitor('admin2@harbour.example', false)
    const { page } = admin
    await box(admin, 48).check()
    await box(admin, 49).check()
    await disablesSelected(admin, /^2 of 2 people were disabled$/)
    await page.getByRole('link', { name: 'Back to the list' }).click()
    await admin.arrivesAt(LIST)

    await page.getByLabel('People', { exact: true }).selectOption('all 50 on this page')
    await page.getByLabel('What to do').selectOption('Remind to set up MFA')
    await admin.press('Preview')
    await page.getByRole('heading', { name: /of 50 people will be reminded$/ }).waitFor()
  })
})
