// Lists in a real browser: brought up to date in place, loading, failed and empty; and times in the reader's zone.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import { startApp, type TestApp } from '../support/app.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { inspect } from './inspect.ts'
import { Visitor } from './visitor.ts'

const OLIVER = 'admin@online.harbour.example'

let app: TestApp
let browser: Browser
let context: BrowserContext

before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  browser = await sharedBrowser()
})
after(async () => {
  await closeWindows(browser)
  await app.close()
})
afterEach(() => context.close())

async function oliver(
  path: string,
  options: { javaScriptEnabled?: boolean; timezoneId?: string } = {},
): Promise<Visitor> {
  context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(10_000)
  const visitor = new Visitor(await context.newPage(), app)
  await visitor.signInWithPassword(OLIVER, path)
  return visitor
}

/** Holds up every request that asks for something at `path`, until the gate is opened. */
async function holdUp(path: string): Promise<() => void> {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  await context.route(
    ({ pathname }) => pathname === path,
    async (route) => {
      await opened
      await route.continue()
    },
  )
  return open
}

async function recordWrongPasswords(count: number): Promise<void> {
  await app.database.sql`
    insert into audit_events (at, client_id, subject_id, action, outcome)
    select ${app.clock.now().toISOString()}::timestamptz, client_id, id, 'sign-in.password', 'failure'
    from users cross join generate_series(1, ${count}::int) where email = 'tech@online.harbour.example'`
}

describe('a list with JavaScript', () => {
  let visitor: Visitor
  beforeEach(async () => {
    visitor = await oliver('/users')
  })

  const names = () => visitor.page.locator('#results tbody th a').allTextContents()
  const status = (text: string) => visitor.page.locator('[role=status]', { hasText: text })

  test('a list is filtered in place: the text stays, the address follows, and the result is announced', async () => {
    await visitor.field('Name or e-mail address').fill('mei')
    await visitor.page.keyboard.press('Enter')
    await status('1 person').waitFor()

    assert.deepEqual(await names(), ['Mei-Ling Chen'])
    assert.equal(await visitor.page.locator('#q:focus').inputValue(), 'mei')
    assert.equal(new URL(visitor.page.url()).searchParams.get('q'), 'mei')
    await visitor.page.goBack()
    await visitor.page.getByText('Oliver Whitfield').nth(2).waitFor()
    assert.equal((await names()).length, 2)
  })

  test('a list names an invalid filter beside its field until it is corrected', async () => {
    await visitor.visit('/users?status=maybe&q=mei')
    await visitor.seesProblem('Status', /There is no such status/)
    await visitor.page.getByText('No user is shown until that is corrected.').waitFor()
    assert.equal(await visitor.field('Name or e-mail address').inputValue(), 'mei')
    await inspect(visitor.page, 'users-problem')

    await visitor.field('Status').selectOption('Active')
    await visitor.press('Search')
    await visitor.page.getByText('Filters: 1 of 2 people').waitFor()

    assert.deepEqual(await names(), ['Mei-Ling Chen'])
    assert.equal(await visitor.page.locator('.alert').count(), 0)
  })

  test('a list announces that it is loading, and stops when it has loaded', async () => {
    const open = await holdUp('/users')
    await visitor.press('Search')

    await status('Loading…').waitFor()
    assert.equal((await names()).length, 2, 'what was there stays meanwhile')
    open()
    await status('2 people').waitFor()
  })

  test('a list that fails to load says so, and loads when it is tried again', async () => {
    await context.route(
      ({ pathname }) => pathname === '/users',
      (route) => route.fulfill({ status: 503, contentType: 'text/html', body: '<h1>Away</h1>' }),
      { times: 1 },
    )
    await visitor.field('Name or e-mail address').fill('mei')
    await visitor.press('Search')

    const alert = visitor.page.locator('[role=alert]:focus')
    await alert.getByText('could not be loaded (error 503)').waitFor()
    assert.equal((await names()).length, 2)
    assert.equal(new URL(visitor.page.url()).search, '', 'the address is that of what is shown')
    await inspect(visitor.page, 'users-failed')
    await visitor.press('Try again')
    await status('1 person').waitFor()
    assert.deepEqual(await names(), ['Mei-Ling Chen'])
    assert.equal(await visitor.page.locator('[role=alert]').count(), 0)
  })

  test('a list that cannot be reached says so, and loads when it can', async () => {
    await context.setOffline(true)
    await visitor.press('Search')
    await visitor.page.locator('[role=alert]:focus', { hasText: 'did not answer' }).waitFor()

    await context.setOffline(false)
    await visitor.press('Try again')

    await status('2 people').waitFor()
    assert.equal(await visitor.page.locator('[role=alert]').count(), 0)
  })

  test('a list takes the focus when its page is turned, and is shown from its start', async () => {
    await recordWrongPasswords(120)
    await visitor.visit('/audit')
    await visitor.page.getByRole('link', { name: 'Older events' }).click()

    const results = visitor.page.locator('#results:focus')
    await results.waitFor()
    await visitor.page.getByRole('link', { name: 'First page' }).waitFor()
    assert.ok(new URL(visitor.page.url()).searchParams.get('after'))
    const { y, height } = (await results.boundingBox()) ?? assert.fail()
    assert.ok(height > 2000, `longer than the window: ${height}`)
    assert.ok(y >= 0 && y < 100, `it begins at ${y}`)
  })

  test('a list whose session has ended leads to the sign-in page', async () => {
    await context.clearCookies()
    await visitor.press('Search')

    await visitor.heading('Sign in')
  })
})

for (const javaScriptEnabled of [true, false])
  test(`an empty list says why and offers a way out, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
    const visitor = await oliver('/users', { javaScriptEnabled })
    await visitor.field('Name or e-mail address').fill('nobody at all')
    await visitor.press('Search')

    await visitor.page.getByText('No user matches.').first().waitFor()
    await visitor.page.getByRole('link', { name: 'Clear filters' }).click()
    await visitor.page.getByRole('link', { name: 'Mei-Ling Chen', exact: true }).waitFor()
    assert.equal(await visitor.field('Name or e-mail address').inputValue(), '')
    await visitor.visit('/audit?action=mfa-reset.requested')
    await visitor.page.getByRole('link', { name: 'Show everything' }).click()
    await visitor.page
      .getByText('Oliver Whitfield signed in')
      .or(visitor.page.locator('.events'))
      .first()
      .waitFor()
  })

describe('times', () => {
  const firstTime = (visitor: Visitor) => visitor.page.locator('#results time').first()

  test('times are in the browser’s time zone and exact on hover, also in results loaded by htmx', async () => {
    const visitor = await oliver('/', { timezoneId: 'Asia/Kolkata' })
    await visitor.visit('/users')

    for (const step of ['the page', 'the results brought by htmx']) {
      const time = firstTime(visitor)
      assert.match((await time.textContent()) ?? '', /^just now \(\d+ Mar 2026, \d\d:\d\d GMT\+5:30\)$/, step)
      assert.match((await time.getAttribute('title')) ?? '', /^\d+ Mar 2026, \d\d:\d\d GMT\+5:30$/)
      await visitor.press('Search')
      await visitor.page.locator('[role=status]', { hasText: '2 people' }).waitFor()
    }
    await visitor.page.getByText('times in Asia/').waitFor()
  })

  test('times are in UTC, and say so, where JavaScript is off', async () => {
    const visitor = await oliver('/audit', { timezoneId: 'Asia/Kolkata', javaScriptEnabled: false })

    assert.match((await firstTime(visitor).textContent()) ?? '', /^\d+ Mar 2026, \d\d:\d\d UTC /)
    await visitor.page.getByText('times in UTC').waitFor()
  })

  test('times follow the browser to another time zone', async () => {
    const visitor = await oliver('/', { timezoneId: 'Europe/Berlin' })
    await context.addCookies([{ name: 'zone', value: 'America/New_York', url: app.origin }])
    await visitor.visit('/audit')
    await visitor.page.getByText('times in America/New York').waitFor()

    await visitor.visit('/audit')

    await visitor.page.getByText('times in Europe/Berlin').waitFor()
  })
})

test('a page that refreshes itself says when it cannot, and when it can again', async () => {
  context = await browser.newContext({ reducedMotion: 'reduce' })
  context.setDefaultTimeout(15_000)
  const operator = new Visitor(await context.newPage(), app)
  await operator.enrolAndSignIn('operator@platform.example', '/ops')
  await context.setOffline(true)
  const status = operator.page.locator('[role=status]')

  await status.getByText('not up to date').waitFor()
  await context.setOffline(false)

  await operator.page.locator('#busy', { hasText: 'Up to date again.' }).waitFor({ state: 'attached' })
})

test('a name without a space is broken, and the list stays as wide as the window', async () => {
  const name = 'Donaudampfschifffahrts'.repeat(5).slice(0, 100)
  const { sql } = app.database
  await sql`update clients set name = ${name} where id = (select client_id from users where email = 'admin@meridian.example')`
  await sql`update users set name = ${name} where email = 'tech@meridian.example'`
  context = await browser.newContext({ reducedMotion: 'reduce' })
  const desk = new Visitor(await context.newPage(), app)

  await desk.enrolAndSignIn('desk@platform.example', '/service-desk?q=meridian')

  await desk.page.getByRole('link', { name }).first().waitFor()
  for (const width of [1025, 1280]) {
    await desk.page.setViewportSize({ width, height: 800 })
    assert.equal(await desk.page.evaluate('document.documentElement.scrollWidth'), width)
  }
  await inspect(desk.page, 'service-desk-long-name')
})
