// The lockout policy, by table and by property.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  authenticatorDisabled,
  clear,
  codeLockOf,
  endLock,
  expireLock,
  fail,
  giveBack,
  type LockoutState,
  lockInForce,
  MAX_CONSECUTIVE_CODE_FAILURES,
  NO_FAILURES,
  nextLock,
  PENDING_LIFE_MS,
  policyFor,
  spend,
} from '../../src/lockout/policy.ts'
import { HOUR, MINUTE } from '../../src/platform/time/durations.ts'

const POLICY = { attempts: 5, windowMs: 15 * MINUTE, durationMs: 15 * MINUTE, maxDurationMs: 24 * HOUR }
const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms)

/** Fails at each of the times, where an attempt is not refused; returns the state after. */
function failAt(times: number[], state: LockoutState = NO_FAILURES, policy = POLICY): LockoutState {
  return times.reduce((before, ms) => {
    const attempt = spend(before, at(ms), policy)
    return attempt.answer === 'spent' ? fail(attempt.state, at(ms), at(ms), policy).state : before
  }, state)
}

/** Spends at each of the times, and settles nothing. */
function spendAt(times: number[], state: LockoutState = NO_FAILURES): LockoutState {
  return times.reduce((before, ms) => spent(before, ms), state)
}

function spent(state: LockoutState, ms: number): LockoutState {
  const attempt = spend(state, at(ms), POLICY)
  assert.equal(attempt.answer, 'spent')
  return attempt.answer === 'spent' ? attempt.state : state
}

describe('5 failures within 15 minutes lock for 15 minutes', () => {
  test('the fifth failure locks, the fourth does not', () => {
    assert.equal(lockInForce(failAt([0, 1, 2, 3]), at(4)), null)
    assert.deepEqual(lockInForce(failAt([0, 1, 2, 3, 4]), at(5)), at(4 + 15 * MINUTE))
  })

  test('after the fourth failure, and only then, the next one is known to lock', () => {
    assert.equal(nextLock(failAt([0, 1]), at(2), POLICY), null)
    assert.equal(nextLock(failAt([0, 1, 2]), at(3), POLICY), 15 * MINUTE)
    assert.equal(nextLock(failAt([0, 1, 2, 3]), at(4), POLICY), null)
  })

  test('failures older than 15 minutes do not count', () => {
    const spread = failAt([0, 4 * MINUTE, 8 * MINUTE, 12 * MINUTE, 16 * MINUTE])
    assert.equal(lockInForce(spread, at(16 * MINUTE)), null)
  })

  test('the window slides: four late failures and one soon after are five within it', () => {
    const state = failAt([0, 14 * MINUTE, 14 * MINUTE + 1, 14 * MINUTE + 2, 14 * MINUTE + 3])
    assert.ok(lockInForce(state, at(14 * MINUTE + 4)))
  })

  test('the lock ends at its time, to the millisecond, whether or not it is cleared', () => {
    const state = failAt([0, 0, 0, 0, 0])
    assert.ok(lockInForce(state, at(15 * MINUTE - 1)))
    assert.equal(lockInForce(state, at(15 * MINUTE)), null)
  })

  test('tries during a lock are refused and do not prolong it', () => {
    const locked = failAt([0, 0, 0, 0, 0])
    for (let minute = 1; minute < 15; minute += 1) {
      const attempt = spend(locked, at(minute * MINUTE), POLICY)
      assert.deepEqual(attempt, { answer: 'refused', until: at(15 * MINUTE) })
    }
  })

  test('each repeated lock is twice as long, up to 24 hours for codes and up to one hour for passwords', () => {
    const lengths = (kind: 'password' | 'code') => {
      const policy = policyFor(kind, POLICY)
      let state: LockoutState = NO_FAILURES
      let now = 0
      return Array.from({ length: 9 }, () => {
        state = failAt([now, now, now, now, now], state, policy)
        const until = lockInForce(state, at(now))
        assert.ok(until)
        const minutes = (until.getTime() - at(now).getTime()) / MINUTE
        now = until.getTime() - at(0).getTime()
        return minutes
      })
    }

    assert.deepEqual(lengths('code'), [15, 30, 60, 120, 240, 480, 960, 1440, 1440])
    assert.deepEqual(lengths('password'), [15, 30, 60, 60, 60, 60, 60, 60, 60])
  })

  test('a configured lock longer than an hour is kept for passwords and not doubled', () => {
    const twoHours = { ...POLICY, durationMs: 2 * HOUR }
    assert.equal(policyFor('password', twoHours).maxDurationMs, 2 * HOUR)
    assert.equal(policyFor('password', { ...POLICY, maxDurationMs: 30 * MINUTE }).maxDurationMs, 30 * MINUTE)
  })

  test('a success clears the counts and the repeats', () => {
    const relocked = failAt([HOUR, HOUR, HOUR, HOUR, HOUR], failAt([0, 0, 0, 0, 0]))
    const cleared = clear(spent(relocked, 3 * HOUR - 1), at(3 * HOUR - 1))
    assert.deepEqual(
      lockInForce(failAt(Array(5).fill(3 * HOUR), cleared), at(3 * HOUR)),
      at(3 * HOUR + 15 * MINUTE),
    )
  })

  test('after a lock that ended there are five new attempts, also if its end is recorded after some of them', () => {
    const locked = failAt([0, 0, 0, 0, 0])
    const four = Array(4).fill(16 * MINUTE)
    for (const over of [endLock(locked), expireLock(locked)])
      assert.equal(lockInForce(failAt(four, over), at(16 * MINUTE)), null)

    const late = expireLock(failAt(four, locked))

    assert.equal(lockInForce(late, at(16 * MINUTE)), null)
    assert.ok(lockInForce(failAt([16 * MINUTE], late), at(16 * MINUTE)))
  })

  test('a success after a lock leaves its time, so that its end is still recorded', () => {
    const locked = failAt([0, 0, 0, 0, 0])
    const cleared = clear(spent(locked, 16 * MINUTE), at(16 * MINUTE))
    assert.deepEqual(cleared.lockedUntil, locked.lockedUntil)
    assert.equal(lockInForce(cleared, at(16 * MINUTE)), null)
  })
})

describe('attempts under way', () => {
  test('attempts under way take the free places, and the sixth waits while none of five is settled', () => {
    const five = spendAt([0, 1, 2, 3, 4])

    assert.deepEqual(spend(five, at(5), POLICY), { answer: 'wait' })
    assert.equal(lockInForce(five, at(5)), null, 'nothing failed, so nothing is locked')
  })

  test('a waiting attempt goes on when one before it succeeds or is given back', () => {
    const five = spendAt([0, 1, 2, 3, 4])

    assert.equal(spend(clear(five, at(2)), at(5), POLICY).answer, 'spent')
    assert.equal(spend(giveBack(five, at(2)), at(5), POLICY).answer, 'spent')
    assert.equal(spend(fail(five, at(2), at(5), POLICY).state, at(5), POLICY).answer, 'wait')
  })

  test('the fifth failure among attempts under way locks from the time at which it failed', () => {
    let state = spendAt([0, 1, 2, 3, 4])
    for (const ms of [3, 1, 4, 0]) state = fail(state, at(ms), at(100), POLICY).state
    assert.equal(lockInForce(state, at(100)), null)

    const last = fail(state, at(2), at(200), POLICY)

    assert.deepEqual(last.locksUntil, at(200 + 15 * MINUTE))
    assert.deepEqual(last.state.pendingAt, [])
  })

  test('a success clears the failures before it and not the attempts under way', () => {
    const three = spendAt([1, 2, 3], failAt([0, 0]))

    const cleared = clear(three, at(2))

    assert.deepEqual(cleared.failedAt, [])
    assert.deepEqual(cleared.pendingAt, [at(1), at(3)])
  })

  test('an attempt that is not settled after 10 seconds counts as failed, once, whatever its later result', () => {
    const dead = spendAt([0])
    assert.equal(spend(dead, at(PENDING_LIFE_MS), POLICY).answer, 'spent')
    assert.deepEqual(spend(dead, at(PENDING_LIFE_MS + 1), POLICY), { answer: 'overdue', spentAt: at(0) })

    const counted = fail(dead, at(0), at(PENDING_LIFE_MS + 1), POLICY).state

    assert.equal(counted.consecutiveFailures, 1)
    assert.deepEqual(counted.pendingAt, [])
    assert.equal(fail(counted, at(0), at(PENDING_LIFE_MS + 2), POLICY).state, counted)
    assert.deepEqual(giveBack(counted, at(0)), NO_FAILURES)
    assert.deepEqual(clear(counted, at(0)), NO_FAILURES)
  })

  test('of the last attempts before the authenticator is disabled no more are under way than are left', () => {
    const after98 = { ...NO_FAILURES, consecutiveFailures: 98 }
    const two = spendAt([0, 1], after98)

    assert.deepEqual(spend(two, at(2), POLICY, MAX_CONSECUTIVE_CODE_FAILURES), { answer: 'wait' })
  })
})

/** What becomes of wrong attempts at these times, one after the other. */
function judged(state: LockoutState, times: readonly number[]) {
  let then = state
  return times.map((ms) => {
    const attempt = spend(then, at(ms), POLICY)
    if (attempt.answer !== 'spent') return attempt
    const failed = fail(attempt.state, at(ms), at(ms), POLICY)
    then = failed.state
    return { locksUntil: failed.locksUntil }
  })
}

test('an attempt given back leaves the state as if it had not been spent', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_600_000 }), { maxLength: 20 }),
      fc.nat(3_600_000),
      fc.array(fc.nat(3 * HOUR), { maxLength: 12 }),
      (times, last, later) => {
        const before = failAt(times.sort((a, b) => a - b))
        const ms = (times.at(-1) ?? 0) + 1 + last
        if (spend(before, at(ms), POLICY).answer !== 'spent') return

        const after = giveBack(spent(before, ms), at(ms))

        assert.equal(lockInForce(after, at(ms)), null)
        assert.deepEqual(after.pendingAt, [])
        assert.equal(after.consecutiveFailures, before.consecutiveFailures)
        const next = later.sort((a, b) => a - b).map((later) => ms + 1 + later)
        assert.deepEqual(
          judged(after, next),
          judged(before, next),
          'every attempt that follows is judged alike',
        )
        assert.deepEqual(giveBack(after, at(ms)), after, 'and only once')
      },
    ),
  )
})

test('a success after an attempt was counted as overdue does not end the lock that it made', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: PENDING_LIFE_MS + 1, max: 14 * MINUTE }),
      fc.nat(HOUR),
      (countedAt, laterMs) => {
        let state = spendAt([0, 1, 2, 3, 4])
        for (const ms of [1, 2, 3, 4]) state = fail(state, at(ms), at(5), POLICY).state
        const { state: locked, locksUntil } = fail(state, at(0), at(countedAt), POLICY)
        assert.ok(locksUntil)

        const cleared = clear(locked, at(0))

        const later = at(countedAt + laterMs)
        assert.deepEqual(lockInForce(cleared, later), lockInForce(locked, later))
        assert.equal(cleared.consecutiveFailures, 0)
      },
    ),
  )
})

/** What happens next: after how long, to which of the attempts under way, and how it ends. */
const STEPS = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(50), fc.nat(20_000), fc.nat(20 * MINUTE)),
    what: fc.constantFrom('try', 'try', 'try', 'try', 'fail', 'fail', 'give back', 'die'),
    which: fc.nat(9),
  }),
  { maxLength: 300 },
)

test('in any order of attempts no window of 15 minutes has more than five that were checked and not given back', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      let state: LockoutState = NO_FAILURES
      let now = 0
      let underWay: number[] = []
      let checked: number[] = []
      for (const { afterMs, what, which } of steps) {
        now += afterMs
        if (what === 'try') {
          for (let attempt = spend(state, at(now), POLICY); ; attempt = spend(state, at(now), POLICY)) {
            if (attempt.answer === 'overdue') {
              state = fail(state, attempt.spentAt, at(now), POLICY).state
              continue
            }
            if (attempt.answer === 'spent') {
              state = attempt.state
              underWay.push(now)
              checked.push(now)
            }
            if (attempt.answer === 'wait') assert.equal(lockInForce(state, at(now)), null)
            break
          }
          continue
        }
        const ms = underWay[which % Math.max(1, underWay.length)]
        if (ms === undefined) continue
        underWay = underWay.toSpliced(underWay.indexOf(ms), 1)
        if (what === 'fail') state = fail(state, at(ms), at(now), POLICY).state
        if (what === 'give back') {
          state = giveBack(state, at(ms))
          checked = checked.toSpliced(checked.indexOf(ms), 1)
        }
      }
      for (const [index, ms] of checked.entries()) {
        const sixth = checked[index + 5]
        if (sixth !== undefined) assert.ok(sixth - ms >= 15 * MINUTE, `six checks from ${ms} to ${sixth}`)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('in any order of results attempts under way never outnumber the places that failures leave', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      let state: LockoutState = NO_FAILURES
      let now = 0
      for (const { afterMs, what, which } of steps) {
        now += afterMs
        const attempt = spend(state, at(now), POLICY)
        const pending = state.pendingAt[which % Math.max(1, state.pendingAt.length)]
        if (attempt.answer === 'overdue') state = fail(state, attempt.spentAt, at(now), POLICY).state
        else if (what === 'try' && attempt.answer === 'spent') state = attempt.state
        else if (what === 'fail' && pending) state = fail(state, pending, at(now), POLICY).state
        else if (what === 'give back' && pending) state = clear(state, pending)

        if (lockInForce(state, at(now))) assert.deepEqual(state.pendingAt, [], 'a lock leaves none under way')
        assert.ok(state.pendingAt.length <= POLICY.attempts)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('100 consecutive code failures disable the authenticator, 99 do not, and no time brings it back', () => {
  const after = (consecutiveFailures: number) => ({ ...NO_FAILURES, consecutiveFailures })
  const attempt = (failures: number) => spend(after(failures), at(0), POLICY, MAX_CONSECUTIVE_CODE_FAILURES)

  assert.equal(authenticatorDisabled(after(99)), false)
  assert.equal(attempt(99).answer, 'spent')
  assert.equal(authenticatorDisabled(after(100)), true)
  assert.deepEqual(attempt(100), { answer: 'refused', until: null })
})

test('a user without an authenticator is locked and has none to disable', () => {
  const hundred = { ...NO_FAILURES, consecutiveFailures: 100, lockedUntil: at(2) }

  const lock = (authenticator: object | null, ms: number) =>
    codeLockOf({ authenticator, codeLockout: hundred }, at(ms))

  assert.deepEqual(lock({}, 1), { kind: 'disabled', until: null })
  assert.deepEqual(lock({}, 2), { kind: 'disabled', until: null })
  assert.deepEqual(lock(null, 1), { kind: 'code', until: at(2) })
  assert.equal(lock(null, 2), null)
})
