// The lockout policy, by table and by property.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  authenticatorDisabled,
  clear,
  codeLockOf,
  endLock,
  giveBack,
  type LockoutState,
  lockInForce,
  MAX_CONSECUTIVE_CODE_FAILURES,
  NO_FAILURES,
  nextLock,
  spend,
} from '../../src/lockout/policy.ts'
import { HOUR, MINUTE } from '../../src/time/durations.ts'

const POLICY = { attempts: 5, windowMs: 15 * MINUTE, durationMs: 15 * MINUTE, maxDurationMs: 24 * HOUR }
const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms)

/** Spends at each of the times; returns the state after. */
function spendAt(times: number[], state: LockoutState = NO_FAILURES): LockoutState {
  return times.reduce((before, ms) => {
    const attempt = spend(before, at(ms), POLICY)
    return attempt.refused ? before : attempt.state
  }, state)
}

describe('5 failures within 15 minutes lock for 15 minutes', () => {
  test('the fifth failure locks, the fourth does not', () => {
    assert.equal(lockInForce(spendAt([0, 1, 2, 3]), at(4)), null)
    assert.deepEqual(lockInForce(spendAt([0, 1, 2, 3, 4]), at(5)), at(4 + 15 * MINUTE))
  })

  test('after the fourth failure, and only then, the next one is known to lock', () => {
    assert.equal(nextLock(spendAt([0, 1]), at(2), POLICY), null)
    assert.equal(nextLock(spendAt([0, 1, 2]), at(3), POLICY), 15 * MINUTE)
    assert.equal(nextLock(spendAt([0, 1, 2, 3]), at(4), POLICY), null)
  })

  test('failures older than 15 minutes do not count', () => {
    const spread = spendAt([0, 4 * MINUTE, 8 * MINUTE, 12 * MINUTE, 16 * MINUTE])
    assert.equal(lockInForce(spread, at(16 * MINUTE)), null)
  })

  test('the window slides: four late and one soon after are five within it', () => {
    const state = spendAt([0, 14 * MINUTE, 14 * MINUTE + 1, 14 * MINUTE + 2, 14 * MINUTE + 3])
    assert.ok(lockInForce(state, at(14 * MINUTE + 4)))
  })

  test('the lock ends at its time, to the millisecond, whether or not anybody clears it', () => {
    const state = spendAt([0, 0, 0, 0, 0])
    assert.ok(lockInForce(state, at(15 * MINUTE - 1)))
    assert.equal(lockInForce(state, at(15 * MINUTE)), null)
  })

  test('tries during a lock are refused and do not prolong it', () => {
    const locked = spendAt([0, 0, 0, 0, 0])
    for (let minute = 1; minute < 15; minute += 1) {
      const attempt = spend(locked, at(minute * MINUTE), POLICY)
      assert.deepEqual(attempt, { refused: true, until: at(15 * MINUTE) })
    }
  })

  test('each repeat doubles: 15, 30, 60 minutes … up to 24 hours', () => {
    let state: LockoutState = NO_FAILURES
    let now = 0
    const lengths: number[] = []
    for (let round = 0; round < 9; round += 1) {
      state = spendAt([now, now, now, now, now], state)
      const until = lockInForce(state, at(now))
      assert.ok(until)
      lengths.push((until.getTime() - at(now).getTime()) / MINUTE)
      now = until.getTime() - at(0).getTime()
    }
    assert.deepEqual(lengths, [15, 30, 60, 120, 240, 480, 960, 1440, 1440])
  })

  test('a success clears the counts and the repeats', () => {
    const relocked = spendAt([HOUR, HOUR, HOUR, HOUR, HOUR], spendAt([0, 0, 0, 0, 0]))
    const cleared = clear(relocked, at(3 * HOUR))
    assert.deepEqual(
      lockInForce(spendAt(Array(5).fill(3 * HOUR), cleared), at(3 * HOUR)),
      at(3 * HOUR + 15 * MINUTE),
    )
  })

  test('after a lock that ended there are five new attempts', () => {
    const over = endLock(spendAt([0, 0, 0, 0, 0]))
    assert.equal(lockInForce(spendAt(Array(4).fill(16 * MINUTE), over), at(16 * MINUTE)), null)
  })
})

/** What becomes of attempts at these times, one after the other. */
function judged(state: LockoutState, times: readonly Date[]) {
  let then = state
  return times.map((time) => {
    const attempt = spend(then, time, POLICY)
    if (attempt.refused) return { refusedUntil: attempt.until }
    then = attempt.state
    return { locksUntil: attempt.locksUntil }
  })
}

test('an attempt given back leaves the state as if it had not been spent', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_600_000 }), { maxLength: 20 }),
      fc.nat(3_600_000),
      fc.array(fc.nat(3 * HOUR), { maxLength: 12 }),
      (times, last, later) => {
        const before = spendAt(times.sort((a, b) => a - b))
        const now = at((times.at(-1) ?? 0) + 1 + last)
        const attempt = spend(before, now, POLICY)
        if (attempt.refused) return

        const after = giveBack(attempt.state, now)

        assert.equal(lockInForce(after, now), null)
        assert.equal(after.consecutiveFailures, before.consecutiveFailures)
        const next = later.sort((a, b) => a - b).map((ms) => new Date(now.getTime() + 1 + ms))
        assert.deepEqual(
          judged(after, next),
          judged(before, next),
          'every attempt that follows is judged alike',
        )
        assert.deepEqual(giveBack(after, now), after, 'and only once')
      },
    ),
  )
})

test('however attempts are timed, no window of 15 minutes ever sees more than five of them checked', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 120 * MINUTE }), { maxLength: 200 }), (unordered) => {
      const checked: number[] = []
      let state: LockoutState = NO_FAILURES
      for (const ms of unordered.sort((a, b) => a - b)) {
        const attempt = spend(state, at(ms), POLICY)
        if (attempt.refused) continue
        state = attempt.state
        checked.push(ms)
      }
      for (const [index, ms] of checked.entries()) {
        const sixth = checked[index + 5]
        if (sixth !== undefined) assert.ok(sixth - ms >= 15 * MINUTE, `six checks from ${ms} to ${sixth}`)
      }
    }),
    { numRuns: 500 },
  )
})

test('100 consecutive code failures disable the authenticator, 99 do not; no time brings it back', () => {
  const after = (consecutiveFailures: number) => ({ ...NO_FAILURES, consecutiveFailures })
  const attempt = (failures: number) => spend(after(failures), at(0), POLICY, MAX_CONSECUTIVE_CODE_FAILURES)

  assert.equal(authenticatorDisabled(after(99)), false)
  assert.equal(attempt(99).refused, false)
  assert.equal(authenticatorDisabled(after(100)), true)
  assert.deepEqual(attempt(100), { refused: true, until: null })
})

test('who has no authenticator has none that could be disabled; a lock holds them all the same', () => {
  const hundred = { ...NO_FAILURES, consecutiveFailures: 100, lockedUntil: at(2) }

  const lock = (authenticator: object | null, ms: number) =>
    codeLockOf({ authenticator, codeLockout: hundred }, at(ms))

  assert.deepEqual(lock({}, 1), { kind: 'disabled', until: null })
  assert.deepEqual(lock({}, 2), { kind: 'disabled', until: null })
  assert.deepEqual(lock(null, 1), { kind: 'code', until: at(2) })
  assert.equal(lock(null, 2), null)
})
