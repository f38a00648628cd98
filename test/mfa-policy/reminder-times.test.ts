// When people who lack MFA are reminded without an Admin asking for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mfaRequired } from '../../src/gate/mfa-required.ts'
import { appliesFrom, isReminderDue, type Lacking } from '../../src/mfa-policy/reminder-times.ts'
import { DAY, HOUR } from '../../src/platform/time/durations.ts'

const START = Date.parse('2026-04-01T09:00:00Z')
const at = (days: number) => new Date(START + days * DAY)
const PERSON: Lacking = { ofPlatform: false, activatedAt: null, resetAt: null, roleGroups: [] }
const held = (required: number | null, granted: number | null = null) => ({
  requiredFrom: required === null ? null : at(required),
  grantedAt: granted === null ? null : at(granted),
})

test('MFA applies to a person from the last of requirement, role group, activation and reset on', () => {
  const table: [Partial<Lacking>, Date | null][] = [
    [{ roleGroups: [held(3)] }, at(3)],
    [{ roleGroups: [held(3, 5)] }, at(5)],
    [{ roleGroups: [held(3, 1)] }, at(3)],
    [{ roleGroups: [held(3, 5)], activatedAt: at(7) }, at(7)],
    [{ roleGroups: [held(3, 5)], activatedAt: at(1), resetAt: at(9) }, at(9)],
    // Of several role groups the first that requires it counts.
    [{ roleGroups: [held(8), held(3), held(null, 1)] }, at(3)],
    [{ roleGroups: [held(3, 8), held(5)] }, at(5)],
    [{ roleGroups: [held(null)] }, null],
    // Without a role group, and in the platform account, it is always required.
    [{ activatedAt: at(2) }, at(2)],
    [{ ofPlatform: true, roleGroups: [held(null, 4)], activatedAt: at(2) }, at(2)],
  ]
  for (const [facts, expected] of table)
    assert.deepEqual(appliesFrom({ ...PERSON, ...facts }), expected, JSON.stringify(facts))
})

test('MFA applies to a person by these times exactly if the gate requires it', () => {
  const days = fc.option(fc.integer({ min: -9, max: 9 }))
  const groups = fc.array(fc.tuple(days, fc.integer({ min: -9, max: 0 })))
  fc.assert(
    fc.property(groups, fc.boolean(), (given, ofPlatform) => {
      const applies = appliesFrom({
        ...PERSON,
        ofPlatform,
        roleGroups: given.map(([required, granted]) => held(required, granted)),
      })
      const roleGroups = given.map(([required]) => ({
        requirement: required === null ? null : { startsAt: at(required) },
      }))
      assert.equal(applies !== null && applies <= at(0), mfaRequired({ ofPlatform, roleGroups }, at(0)))
    }),
  )
})

test('a reminder is due a day before and 1, 7 and 14 days after, and lapses a week after the last', () => {
  const table: [number, boolean][] = [
    [-1.01, false],
    [-1, true],
    [-0.01, true],
    [0, false],
    [0.99, false],
    [1, true],
    [6.99, true],
    [7, true],
    [13.99, true],
    [14, true],
    [20.99, true],
    [21, false],
    [400, false],
  ]
  for (const [days, expected] of table)
    assert.equal(isReminderDue(at(0), null, at(days)), expected, `${days}`)
})

test('a reminder that went out is not repeated, and none follows another within a day', () => {
  const table: [now: number, reminded: number, expected: boolean][] = [
    [-0.5, -1, false],
    [1, -0.5, true],
    [1, 0.5, false],
    [1.49, 0.5, false],
    [1.5, 0.5, true],
    // An Admin's reminder after the day counts as the reminder of that day.
    [5, 1.2, false],
    [7, 6.5, false],
    [7.5, 6.5, true],
    [14, 7.5, true],
    [20, 14, false],
    // Told on the day before the start: nothing more before it.
    [-0.1, -0.6, false],
    [-0.1, -1.5, true],
  ]
  for (const [now, reminded, expected] of table)
    assert.equal(isReminderDue(at(0), at(reminded), at(now)), expected, `${reminded}, then ${now}`)
})

test('however often and irregularly the job runs, a person gets at most four reminders, a day apart, with what Admins ask for', () => {
  const runs = fc.array(fc.record({ afterMs: fc.nat(2 * DAY), byAdmin: fc.boolean() }), { maxLength: 200 })
  fc.assert(
    fc.property(runs, (steps) => {
      let now = at(-3).getTime()
      let remindedAt: Date | null = null
      const automatic: number[] = []
      const all: number[] = []
      for (const { afterMs, byAdmin } of steps) {
        now += afterMs
        const rested: boolean = remindedAt === null || now - (remindedAt as Date).getTime() >= DAY
        const due = isReminderDue(at(0), remindedAt, new Date(now))
        if (!due && !(byAdmin && rested)) continue
        if (due) automatic.push(now)
        all.push(now)
        remindedAt = new Date(now)
      }
      assert.ok(automatic.length <= 4)
      for (const [index, time] of all.entries())
        assert.ok(index === 0 || time - (all[index - 1] ?? 0) >= DAY, 'a day apart')
    }),
  )
})

test('a job that runs each hour reminds four times in all', () => {
  let remindedAt: Date | null = null
  const sent: number[] = []
  for (let ms = at(-3).getTime(); ms < at(40).getTime(); ms += HOUR)
    if (isReminderDue(at(0), remindedAt, new Date(ms))) {
      remindedAt = new Date(ms)
      sent.push((ms - START) / DAY)
    }
  assert.deepEqual(sent, [-1, 1, 7, 14])
})
