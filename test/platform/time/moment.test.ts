// Days and instants as people write them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMoment } from '../../../src/platform/time/moment.ts'

function readAs(text: string, timeZone = 'UTC'): [string, string] | null {
  const moment = readMoment(text, timeZone)
  return moment && [moment.start.toISOString(), moment.end.toISOString()]
}

test('a day lasts from its beginning to its end in the reader’s time zone', () => {
  for (const [text, zone, start, end] of [
    ['2026-11-24', 'UTC', '2026-11-24T00:00:00.000Z', '2026-11-25T00:00:00.000Z'],
    ['2026-11-24', 'Asia/Kolkata', '2026-11-23T18:30:00.000Z', '2026-11-24T18:30:00.000Z'],
    ['2026-11-24', 'America/New_York', '2026-11-24T05:00:00.000Z', '2026-11-25T05:00:00.000Z'],
    // 23 and 25 hours.
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    // The clocks went from midnight to one: the day begins at one.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', '2018-11-05T02:00:00.000Z'],
    ['2028-02-29', 'UTC', '2028-02-29T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
  ] as const)
    assert.deepEqual(readAs(text, zone), [start, end], `${text} ${zone}`)
})

test('a time is an instant in its stated time zone, or else in the reader’s', () => {
  for (const [text, zone, start] of [
    ['2026-11-24T08:15', 'UTC', '2026-11-24T08:15:00.000Z'],
    ['2026-11-24 08:15:30', 'UTC', '2026-11-24T08:15:30.000Z'],
    ['2026-11-24T08:15:30.123456Z', 'Europe/Berlin', '2026-11-24T08:15:30.123Z'],
    ['2026-11-24T08:15', 'Europe/Berlin', '2026-11-24T07:15:00.000Z'],
    ['2026-07-24T08:15', 'Europe/Berlin', '2026-07-24T06:15:00.000Z'],
    ['2026-11-24T08:15+05:30', 'UTC', '2026-11-24T02:45:00.000Z'],
    ['2026-11-24T08:15 05:30', 'UTC', '2026-11-24T02:45:00.000Z'],
    ['2026-11-24T08:15-0800', 'UTC', '2026-11-24T16:15:00.000Z'],
  ] as const)
    assert.equal(readAs(text, zone)?.[0], start, `${text} ${zone}`)
})

test('a date or time that does not exist is refused', () => {
  for (const text of [
    '',
    'yesterday',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-1-1',
    '24.11.2026',
    '2026-11-24T24:00',
    '2026-11-24T08:60',
    '2026-11-24T08:15:60',
    '2026-11-24T08',
    '0000-01-01',
    '1899-12-31',
    '9999-12-31',
    '12026-01-01',
    '２０２６-11-24',
  ])
    assert.equal(readAs(text), null, text)
})
