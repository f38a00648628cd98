// Times on pages: in the reader's time zone if it is known, else in UTC, and always exact.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exactText, instantText } from '../../../src/platform/time/instant-text.ts'
import { startApp, type TestApp } from '../../support/app.ts'
import type { Browser } from '../../support/browser.ts'

let app: TestApp
let theo: Browser
before(async () => {
  app = await startApp()
  theo = app.browser()
  await theo.enrolAndSignIn('tech@harbour.example')
})
after(() => app.close())

/** The first time on Theo's account page, as HTML, for a browser that says it is in `zone`. */
async function timeIn(zone: string | null): Promise<string> {
  theo.cookies.delete('zone')
  if (zone !== null) theo.cookies.set('zone', zone)
  const page = await theo.get('/account')
  assert.equal(page.status, 200)
  return /<time.*?<\/time>/.exec(page.body)?.[0] ?? ''
}

describe('times on pages', () => {
  test('times are in UTC, and say so, while the reader’s zone is unknown', async () => {
    assert.match(await timeIn(null), />2 Mar 2026, 09:00 UTC</)
    assert.match(theo.last.body, /times in UTC</)
  })

  test('times are in the browser’s time zone and name it', async () => {
    assert.match(await timeIn('Asia/Kolkata'), />2 Mar 2026, 14:30 GMT\+5:30</)
    assert.match(await timeIn('Europe/Berlin'), />2 Mar 2026, 10:00 CET</)
    assert.match(await timeIn('Pacific/Auckland'), />2 Mar 2026, 22:00 GMT\+13</)
    assert.match(await timeIn('America/Los_Angeles'), />2 Mar 2026, 01:00 GMT-8</)
    assert.match(theo.last.body, /times in America\/Los Angeles</)
  })

  test('times give the exact instant on hover and to screen readers, in any time zone', async () => {
    for (const zone of [null, 'Asia/Kolkata'])
      assert.match(
        await timeIn(zone),
        /^<time datetime="2026-03-02T09:00:00\.000Z" title="2026-03-02 09:00:00 UTC">.*<span class="visually-hidden"> \(2026-03-02 09:00:00 UTC\)<\/span><\/time>$/,
      )
  })

  test('times are in UTC for an unknown time zone', async () => {
    const odd = ['Mars/Olympus', 'x'.repeat(500), '<script>', '+05:30', '__proto__', 'constructor', '..', '']
    for (const zone of odd) assert.match(await timeIn(zone), />2 Mar 2026, 09:00 UTC</, zone)
    theo.cookies.delete('zone')
    theo.cookies.set('xzone', 'Asia/Kolkata')
    assert.match((await theo.get('/account')).body, /09:00 UTC</, 'a cookie of another name')
    theo.cookies.delete('xzone')
  })

  test('times are the same for every spelling of a time zone', async () => {
    assert.match(await timeIn('asia/KOLKATA'), />2 Mar 2026, 14:30 GMT\+5:30</)
    assert.match(await timeIn('Asia/Calcutta'), />2 Mar 2026, 14:30 GMT\+5:30</)
  })

  test('the time zone of one reader does not leak into the page of the next', async () => {
    await Promise.all(
      ['Asia/Kolkata', 'Europe/Berlin', null, 'Asia/Kolkata', null].map(async (zone) => {
        const reader = app.browser()
        for (const [name, value] of theo.cookies) if (name !== 'zone') reader.cookies.set(name, value)
        if (zone) reader.cookies.set('zone', zone)
        const { body } = await reader.get('/account')
        const expected =
          zone === null ? '09:00 UTC' : zone === 'Asia/Kolkata' ? '14:30 GMT+5:30' : '10:00 CET'
        assert.ok(body.includes(`2 Mar 2026, ${expected}<`), zone ?? 'UTC')
      }),
    )
  })

  test('times change with the clocks of the time zone', () => {
    assert.equal(instantText(new Date('2026-03-29T00:59:59Z'), 'Europe/Berlin'), '29 Mar 2026, 01:59 CET')
    assert.equal(instantText(new Date('2026-03-29T01:00:00Z'), 'Europe/Berlin'), '29 Mar 2026, 03:00 CEST')
  })
})

test('a mail has its times in UTC', () => {
  assert.equal(instantText(new Date('2026-11-24T08:15:23Z')), '24 Nov 2026, 08:15 UTC')
  assert.equal(exactText(new Date('2026-11-24T08:15:23Z')), '2026-11-24 08:15:23 UTC')
})
