import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { dayStarts } from '../../src/dashboard/day-starts.ts'
import { HOUR } from '../../src/platform/time/durations.ts'

const starts = (now: string, timeZone: string, count: number) =>
  dayStarts(new Date(now), timeZone, count).map((start) => start.toISOString().slice(0, 16))

describe('the days of a reader', () => {
  test('the days of a reader begin at midnight of their time zone', () => {
    assert.deepEqual(starts('2026-11-24T20:00:00Z', 'UTC', 2), ['2026-11-23T00:00', '2026-11-24T00:00'])
    assert.deepEqual(starts('2026-11-24T20:00:00Z', 'Asia/Kolkata', 2), [
      '2026-11-23T18:30',
      '2026-11-24T18:30',
    ])
    assert.deepEqual(starts('2026-11-24T04:59:59Z', 'America/New_York', 1), ['2026-11-23T05:00'])
  })

  test('a day is an hour shorter or longer where the clock is changed', () => {
    assert.deepEqual(starts('2026-03-30T12:00:00Z', 'Europe/Berlin', 3), [
      '2026-03-27T23:00',
      '2026-03-28T23:00',
      '2026-03-29T22:00',
    ])
    assert.deepEqual(starts('2026-10-26T12:00:00Z', 'Europe/Berlin', 2), [
      '2026-10-24T22:00',
      '2026-10-25T23:00',
    ])
  })

  test('a day begins at one o’clock where the change skips midnight', () => {
    assert.deepEqual(starts('2026-04-24T12:00:00Z', 'Africa/Cairo', 2), [
      '2026-04-22T22:00',
      '2026-04-23T22:00',
    ])
  })

  test('days follow on each other up to now, in every time zone and at every time', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
    const instants = fc.date({
      min: new Date('2020-01-01'),
      max: new Date('2035-01-01'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(zones, instants, (timeZone, now) => {
        const days = dayStarts(now, timeZone, 30)
        const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })

        assert.equal(days.length, 30)
        for (const [index, start] of days.entries()) {
          assert.match(clock.format(start), /^0[01]:/)
          const end = days[index + 1]
          const hours = ((end ?? now).getTime() - start.getTime()) / HOUR
          assert.ok(end ? hours >= 22 && hours <= 26 : hours >= 0 && hours <= 26, `${timeZone} ${hours}`)
        }
      }),
    )
  })
})
