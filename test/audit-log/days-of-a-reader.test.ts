// One clock for all pages: what the home page counts as a day is what the audit log finds when asked for that day.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dayStarts } from '../../src/dashboard/day-starts.ts'
import { DAY, HOUR } from '../../src/platform/time/durations.ts'
import { readMoment } from '../../src/platform/time/moment.ts'

const ZONES = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
const DAYS = fc
  .integer({ min: Date.UTC(2000, 0, 1) / DAY, max: Date.UTC(2040, 0, 1) / DAY })
  .map((day) => day * DAY)

/** What a clock of this zone shows, as milliseconds of the same digits in UTC. */
function shownIn(timeZone: string, instant: number): number {
  const shown = new Date(instant).toLocaleString('sv-SE', { timeZone })
  return Date.parse(`${shown.replace(' ', 'T')}Z`)
}

function assertAgree(timeZone: string, midnight: number): void {
  const day = new Date(midnight).toISOString().slice(0, 10)
  const ofLog = readMoment(day, timeZone)
  assert.ok(ofLog)
  const [ofHome] = dayStarts(ofLog.start, timeZone, 1)
  // The calendar of some islands has a day less.
  const shown = shownIn(timeZone, ofLog.start.getTime())
  if (shown < midnight + DAY)
    assert.equal(ofHome?.toISOString(), ofLog.start.toISOString(), `${day} ${timeZone}`)

  assert.ok(shown >= midnight, `${day} ${timeZone} begins too early`)
  for (let earlier = HOUR / 4; earlier <= 3 * HOUR; earlier += HOUR / 4)
    assert.ok(
      shownIn(timeZone, ofLog.start.getTime() - earlier) < midnight,
      `${day} ${timeZone} begins too late`,
    )
}

test('a day of the home page is the same day of the audit log, also where clocks repeat midnight', () => {
  for (const [timeZone, day] of [
    ['Asia/Amman', '2020-10-30'],
    ['America/Havana', '2026-11-01'],
    ['Atlantic/Azores', '2026-10-25'],
    ['America/Sao_Paulo', '2018-11-04'],
    ['Africa/Cairo', '2026-04-24'],
    ['Pacific/Apia', '2011-12-30'],
  ] as const)
    assertAgree(timeZone, Date.parse(day))
  assert.equal(readMoment('2020-10-30', 'Asia/Amman')?.start.toISOString(), '2020-10-29T21:00:00.000Z')
})

test('the days agree in every time zone and on every day', () => {
  fc.assert(fc.property(ZONES, DAYS, assertAgree), { numRuns: 1000 })
})

test('clocks show the requested time, or a later one where they skip it', () => {
  const shownAt = (timeZone: string, shown: string) => readMoment(shown, timeZone)?.start.toISOString()

  assert.equal(shownAt('Europe/Berlin', '2026-03-29T02:30:00'), '2026-03-29T01:30:00.000Z')
  assert.equal(shownAt('Europe/Berlin', '2026-10-25T02:30:00'), '2026-10-25T00:30:00.000Z')
})
