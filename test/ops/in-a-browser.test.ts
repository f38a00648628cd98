// The operators' pages in a real browser, each under its content security policy.
// Pictures of them: SCREENSHOTS=/tmp/pictures npm test -- test/ops/in-a-browser
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { inspect } from '../browser/inspect.ts'
import { Visitor } from '../browser/visitor.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { API, type OpsFixture, onEachEngine, TECH } from './ops-fixture.ts'

let browser: Browser
before(async () => {
  browser = await sharedBrowser()
})
after(() => closeWindows(browser))

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
    const waiting = await fixture.queueMail()
    await lockOut(fixture)
    for (const id of [given, waiting]) await page.locator(`[data-work="${id}"]`).waitFor()
    await page.locator('[data-count="password-locks"]', { hasText: '1' }).waitFor()
    await inspect(page, 'ops-busy')

    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('/ops asks for nothing while it is hidden, and keeps an open table', async () => {
    const { page, complaints } = await operatorsPage(fixture)
    await fixture.app.deps.sql`
      insert into sign_in_counts (minute, kind, events)
      values (date_trunc('minute', ${fixture.app.clock.now().toISOString()}::timestamptz), 'completed', 7)
      on conflict (minute, kind) do update set events = 7`
    await page.clock.install()
    await page.goto(`${fixture.app.origin}/ops`)
    await page.locator('[data-chart="hour-completed"] summary').click()
    let polls = 0
    page.on('request', (request) => {
      if (request.headers()['hx-request']) polls += 1
    })
    const hide = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} })`)

    await hide(true)
    await page.clock.runFor(30_000)
    assert.equal(polls, 0)
    await hide(false)
    const answered = page.waitForResponse((response) => response.url().endsWith('/ops'))
    await page.clock.runFor(5000)
    await answered

    assert.equal(polls, 1)
    await page.locator('[data-chart="hour-completed"] details[open] td', { hasText: '7' }).waitFor()
    assert.deepEqual(complaints, [])
    await page.context().close()
  })

  test('a failed job is seen, retried with a click, and completed on the board', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    const { page, complaints } = await operatorsPage(fixture)

    await page.goto(`${fixture.app.origin}/ops`)
    await page.locator('[data-queue="notifications"] .badge.bad').click()
    await page.locator(`[data-job="${id}"]`).waitFor()
    await inspect(page, 'ops-jobs')
    await page.getByRole('link', { name: `Remove ${id}` }).click()
    await page.getByRole('heading', { name: 'Remove this job?' }).waitFor()
    await inspect(page, 'ops-remove-job')
    await page.goto(`${fixture.app.origin}/ops`)
    await page.locator(`[data-work="${id}"] a`).click()
    await page
      .getByText(/refuses this mail/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: `Retry ${id}` }).click()
    await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)
    await page.goto(`${fixture.app.origin}/ops/queues/queue/notifications?status=completed`)
    await page.getByText(id).first().waitFor()
    assert.deepEqual(withoutFonts(complaints), [])
    await page.context().close()
  })

  test('every view of the board keeps to its policy, and offers nothing that changes a job', async () => {
    await fixture.startWorker()
    await fixture.failedMail()
    const { page, complaints } = await operatorsPage(fixture)
    const board = `${fixture.app.origin}/ops/queues`

    await page.goto(board)
    for (const queue of ['notifications', 'mfa-resets', 'lockouts', 'maintenance'])
      await page.getByRole('link', { name: queue }).first().waitFor()
    await page.getByRole('link', { name: 'Schedulers' }).click()
    await page.getByText('sweep-expired').first().waitFor()
    assert.deepEqual(await buttonsOf(page), ['All queues', 'Job template'])

    await page.goto(`${board}/queue/notifications?status=failed`)
    for (const tab of ['Data', 'Options', 'Logs', 'Error'])
      await page.getByRole('tab', { name: tab }).first().click()
    assert.deepEqual(await buttonsOf(page), JOB_BUTTONS)
    await page.getByRole('button', { name: 'Queue info' }).click()
    await page.goto(`${board}/queue/notifications?status=delayed`)
    await page.getByText('remind-of-invitation').first().waitFor()
    assert.deepEqual(await buttonsOf(page), JOB_BUTTONS)

    assert.deepEqual(withoutFonts(complaints), [])
    await page.context().close()
  })

  test('without JavaScript jobs are retried, run and removed, which is asked for once more', async () => {
    await fixture.startWorker()
    const retried = await fixture.failedMail()
    const removed = await fixture.failedMail()
    const { page, complaints } = await operatorsPage(fixture, { javaScriptEnabled: false })
    await page.goto(`${fixture.app.origin}/ops`)
    await page.getByRole('link', { name: 'notifications', exact: true }).click()

    await page.getByRole('button', { name: `Retry ${retried}` }).click()
    await eventually('it is delivered', async () => (await fixture.rowOf(retried)).doneAt)
    await page.getByRole('link', { name: `Remove ${removed}` }).click()
    await page.getByRole('heading', { name: 'Remove this job?' }).waitFor()
    assert.equal((await fixture.operator.get(`${API}/notifications/${removed}`)).status, 200)
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.waitForURL(`${fixture.app.origin}/ops/jobs/notifications?tab=failed`)
    assert.equal(await page.locator(`[data-job="${removed}"]`).count(), 0)

    await page.getByRole('link', { name: 'Delayed', exact: true }).click()
    await page
      .locator('[data-state="delayed"]')
      .getByRole('button', { name: /^Run now/ })
      .first()
      .click()
    await page.waitForURL(`${fixture.app.origin}/ops/jobs/notifications?tab=delayed`)
    assert.equal((await fixture.audited('queue.job-promoted')).length, 1)
    assert.deepEqual(complaints, [])
    await page.context().close()
  })
})

/** Everything that the board offers for a job: its tabs, and a button that copies them. */
const JOB_BUTTONS = ['Data', 'Error', 'Logs', 'Options', 'Progress', 'lucide lucide-copy']

/** The buttons of the board's jobs and queues, by their words or, if they have none, their icons. */
async function buttonsOf(page: Page): Promise<string[]> {
  const buttons = await page.locator('main button, [role="menuitem"]').all()
  const names = buttons.map(
    async (button) =>
      (await button.innerText()).trim() ||
      (await button.getAttribute('aria-label')) ||
      (await button.locator('svg').first().getAttribute('class')) ||
      '',
  )
  return [...new Set(await Promise.all(names))].sort()
}

/** The board asks for fonts of another site, which its policy refuses before anything is sent. */
function withoutFonts(complaints: readonly string[]): string[] {
  return complaints.filter(
    (complaint) => !complaint.startsWith("Loading the stylesheet 'https://fonts.googleapis.com/"),
  )
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
