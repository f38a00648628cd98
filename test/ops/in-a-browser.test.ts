// The operators' pages in a real browser, each under its content security policy.
// Pictures of them: SCREENSHOTS=/tmp/pictures npm test -- test/ops/in-a-browser
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { inspect } from '../browser/inspect.ts'
import { Visitor } from '../browser/visitor.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { launchBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { type OpsFixture, onEachEngine, TECH } from './ops-fixture.ts'

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser.close())

onEachEngine('in a browser', (fixture) => {
  test('/ops refreshes itself, is accessible and fits 320 pixels', async () => {
    const { page, complaints } = await operatorsPage(fixture)
    await page.goto(`${fixture.app.origin}/ops`)
    await page.getByText('Mail: invitation').waitFor()
    await page.getByRole('link', { name: 'Look again' }).focus()
    await fixture.startWorker()
    await page.getByText('Every mail so far has been delivered').waitFor()
    await page.locator('a:focus', { hasText: 'Look again' }).waitFor()
    await inspect(page, 'ops-quiet')

    const given = await fixture.failedMail()
    await fixture.stopWorker()
    const waiting = await fixture.oweMail()
    await lockOut(fixture)
    for (const id of [given, waiting]) await page.locator(`[data-work="${id}"]`).waitFor()
    await page.locator('[data-count="password-locks"]', { hasText: '1' }).waitFor()
    await inspect(page, 'ops-busy')

    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('a failed job is seen on the board, retried with a click, and completed', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    const { page, complaints } = await operatorsPage(fixture)

    await page.goto(`${fixture.app.origin}/ops`)
    await page.locator('[data-queue="notifications"] .badge.bad').click()
    await page.getByText(id).first().waitFor()
    await page.goto(`${fixture.app.origin}/ops`)
    await page.locator(`[data-work="${id}"] a`).click()
    await page
      .getByText(/refuses this mail/)
      .first()
      .waitFor()
    await page.locator('section').getByRole('button', { name: 'Retry', exact: true }).click()
    await page.getByText('Are you sure that you want to retry this job?').waitFor()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)
    await page.goto(`${fixture.app.origin}/ops/queues/queue/notifications?status=completed`)
    await page.getByText(id).first().waitFor()
    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('every view of the board keeps to its policy, and offers what an operator may do and nothing else, by name', async () => {
    await fixture.startWorker()
    await fixture.failedMail()
    const { page, complaints } = await operatorsPage(fixture)
    const offered = (role: 'button' | 'menuitem', where: Locator = page.locator('body')) =>
      namesOf(where.getByRole(role))
    const board = `${fixture.app.origin}/ops/queues`

    await page.goto(board)
    for (const queue of ['notifications', 'mfa-resets', 'lockouts', 'maintenance'])
      await page.getByRole('link', { name: queue }).first().waitFor()
    await page.locator('li').getByRole('button', { name: 'Actions' }).first().click()
    await page.getByRole('menu').waitFor()
    assert.deepEqual(await offered('menuitem'), [])
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Schedulers' }).click()
    await page.getByText('sweep-expired').first().waitFor()
    assert.deepEqual(await offered('button', page.getByRole('main')), ['Job template'])

    await page.goto(`${board}/queue/notifications?status=failed`)
    await page.getByRole('button', { name: 'Retry all' }).waitFor()
    const everywhere = ['Collapse sidebar', 'Queue info', 'Full screen', 'Settings', 'Links', 'Actions']
    assert.deepEqual(await offered('button'), [...everywhere, 'Retry all', 'Retry', 'Remove', 'Copy'])
    await page.getByRole('button', { name: 'Actions' }).click()
    await page.getByRole('menuitem').first().waitFor()
    const [only, ...others] = await offered('menuitem')
    assert.match(only ?? '', /^Retry all \d+ failed jobs$/)
    assert.deepEqual(others, [])
    await page.keyboard.press('Escape')
    for (const tab of ['Data', 'Options', 'Logs', 'Error'])
      await page.getByRole('tab', { name: tab }).first().click()
    await page.getByRole('button', { name: 'Queue info' }).click()

    await page.goto(`${board}/queue/notifications?status=delayed`)
    await page.getByRole('button', { name: 'Promote', exact: true }).waitFor()
    assert.deepEqual(await offered('button', page.locator('section li')), ['Promote', 'Remove'])

    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('without JavaScript the board says where the queues are shown without', async () => {
    const { page, complaints } = await operatorsPage(fixture, { javaScriptEnabled: false })
    await page.goto(`${fixture.app.origin}/ops/queues`)
    await page.locator('noscript p').waitFor()
    assert.equal(await page.getByText('Loading').isVisible(), false)
    await page.locator('noscript a').click()
    await page.waitForURL(`${fixture.app.origin}/ops`)
    assert.deepEqual(complaints, [])
    await page.context().close()
  })
})

/** How those that can be seen are announced, each name once. */
async function namesOf(elements: Locator): Promise<string[]> {
  const all = (await elements.all()).map(
    async (element) => (await element.innerText()).trim() || (await element.getAttribute('aria-label')) || '',
  )
  return [...new Set(await Promise.all(all))]
}

/** A page of the operator, who has signed in. */
async function operatorsPage(
  fixture: OpsFixture,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(15_000)
  await context.addCookies(
    [...fixture.operator.cookies].map(([name, value]) => ({ name, value, url: fixture.app.origin })),
  )
  return { page: await context.newPage(), complaints: Visitor.complaintsIn(context) }
}

async function lockOut(fixture: OpsFixture): Promise<void> {
  const guesser = fixture.app.browser()
  for (let i = 0; i < 5; i += 1)
    await guesser.post('/sign-in', { email: TECH, password: `${DEMO_PASSWORD}?` })
}
