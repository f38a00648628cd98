// The charts of sign-ins on /ops: their slots, and what is counted.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { backupView } from '../../src/ops/backup-view.ts'
import { lastDay, lastHour, signInCharts } from '../../src/ops/sign-in-charts.ts'
import { readSignInCounts } from '../../src/ops/sign-in-counts.queries.ts'
import { sealEvents } from '../../src/platform/audit/seal-events.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { HOUR } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'

const NOW = new Date('2026-03-02T14:05:30Z')

describe('the slots of the charts', () => {
  test('an hour has sixty minutes and a day forty-eight half hours, and the last of each is under way', () => {
    assert.deepEqual(lastHour(NOW), { start: new Date('2026-03-02T13:06:00Z'), slotMs: 60_000, slots: 60 })
    assert.deepEqual(lastDay(NOW), { start: new Date('2026-03-01T14:30:00Z'), slotMs: 1_800_000, slots: 48 })
  })

  test('refused sign-ins are drawn with the failed ones, and labels are times of the reader', () => {
    const { completed, failed } = signInCharts(
      [
        { slot: 0, kind: 'completed', events: 4 },
        { slot: 59, kind: 'failed', events: 2 },
        { slot: 59, kind: 'refused', events: 3 },
      ],
      lastHour(NOW),
      'Europe/Berlin',
    )

    assert.deepEqual(
      [completed.total, completed.most, completed.first],
      [4, { label: '14:06', count: 4 }, '14:06'],
    )
    assert.deepEqual([failed.total, failed.most, failed.last], [5, { label: '15:05', count: 5 }, '15:05'])
  })
})

test('a back-up is late after 26 hours, or if none was marked', () => {
  const ago = (ms: number) => backupView(new Date(NOW.getTime() - ms), NOW).late

  assert.deepEqual([ago(26 * HOUR), ago(26 * HOUR + 1), backupView(null, NOW).late], [false, true, true])
})

describe('the counts', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.close())

  test('each sign-in is counted once, in its minute, when its event is sealed', async () => {
    const { db, config } = app.deps
    const event = (action: string, outcome: 'success' | 'failure' | 'refused', at = '13:10:59') => ({
      at: new Date(`2026-03-02T${at}Z`),
      action,
      outcome,
    })
    const seal = () => sealEvents(db, { keys: config.AUDIT_KEYS, now: NOW, atMost: 10_000 })
    const counts = () => readSignInCounts(db, lastHour(NOW))
    await seal()
    await db
      .insert(auditEvents)
      .values([
        event('sign-in.completed', 'success'),
        event('sign-in.completed', 'success', '13:10:00'),
        event('sign-in.completed', 'success', '13:05:59'),
        event('sign-in.password', 'success'),
        event('sign-in.password', 'failure'),
        event('sign-in.code', 'failure'),
        event('sign-in.code', 'refused', '14:05:00'),
        event('sign-out', 'success'),
      ])
    assert.deepEqual(await counts(), [])

    await seal()
    await seal()

    const byPlace = (await counts()).toSorted((a, b) => a.slot - b.slot || a.kind.localeCompare(b.kind))
    assert.deepEqual(byPlace, [
      { slot: 4, kind: 'completed', events: 2 },
      { slot: 4, kind: 'failed', events: 2 },
      { slot: 59, kind: 'refused', events: 1 },
    ])
    await db.insert(auditEvents).values([event('sign-in.completed', 'success')])
    await seal()
    assert.equal((await counts()).find(({ kind }) => kind === 'completed')?.events, 3)
  })
})
