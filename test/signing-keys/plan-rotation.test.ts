// When signing keys begin, sign and leave, as tables and for any sequence of runs.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { DAY, HOUR, MINUTE } from '../../src/platform/time/durations.ts'
import {
  inSigningOrder,
  type PlannedKey,
  planRotation,
  type RotationMode,
  SIGNING_ALGS,
} from '../../src/signing-keys/plan-rotation.ts'

const START = new Date('2026-03-02T09:00:00Z')
const at = (ms: number) => new Date(START.getTime() + ms)

/** Keys of RS256; EdDSA has one that is not due, unless `keys` is empty. */
const key = (kid: string, signsFrom: Date, leavesAt: Date | null = null): PlannedKey => ({
  kid,
  alg: 'RS256',
  signsFrom,
  leavesAt,
})
const other: PlannedKey = { kid: 'other', alg: 'EdDSA', signsFrom: at(0), leavesAt: null }

describe('planning', () => {
  test('without keys one of each algorithm is made, which signs at once', () => {
    assert.deepEqual(planRotation([], START, 'when-due'), {
      create: [
        { alg: 'RS256', signsFrom: START },
        { alg: 'EdDSA', signsFrom: START },
      ],
      leave: [],
    })
  })

  const rows: [string, PlannedKey[], Date, RotationMode, ReturnType<typeof planRotation>][] = [
    ['a key of 89 days less a minute stays', [key('a', at(-89 * DAY + MINUTE))], at(0), 'when-due', none()],
    [
      'the successor of a key of 89 days is published a day before it signs',
      [key('a', at(-89 * DAY))],
      at(0),
      'when-due',
      { create: [{ alg: 'RS256', signsFrom: at(DAY) }], leave: [{ kid: 'a', leavesAt: at(2 * DAY) }] },
    ],
    [
      'a run that comes too late still gives a day of notice',
      [key('a', at(-200 * DAY))],
      at(0),
      'when-due',
      { create: [{ alg: 'RS256', signsFrom: at(DAY) }], leave: [{ kid: 'a', leavesAt: at(2 * DAY) }] },
    ],
    [
      'a key with a successor gets no second one',
      [key('a', at(-90 * DAY), at(2 * DAY)), key('b', at(DAY))],
      at(0),
      'when-due',
      none(),
    ],
    [
      'an old key that has left counts no longer',
      [key('a', at(-95 * DAY), at(-DAY)), key('b', at(-2 * DAY))],
      at(0),
      'when-due',
      none(),
    ],
    [
      'a young key is replaced with notice if that is asked for',
      [key('a', at(-DAY))],
      at(0),
      'with-notice',
      {
        create: [
          { alg: 'RS256', signsFrom: at(DAY) },
          { alg: 'EdDSA', signsFrom: at(DAY) },
        ],
        leave: [
          { kid: 'a', leavesAt: at(2 * DAY) },
          { kid: 'other', leavesAt: at(2 * DAY) },
        ],
      },
    ],
    [
      'in an emergency new keys sign at once and all others leave at once, also those that do not sign yet',
      [key('old', at(-92 * DAY), at(HOUR)), key('a', at(-DAY)), key('b', at(DAY))],
      at(0),
      'at-once',
      {
        create: [
          { alg: 'RS256', signsFrom: at(0) },
          { alg: 'EdDSA', signsFrom: at(0) },
        ],
        leave: ['a', 'old', 'b', 'other'].map((kid) => ({ kid, leavesAt: at(0) })),
      },
    ],
    [
      'keys that all sign later are joined by one that signs now',
      [key('b', at(HOUR))],
      at(0),
      'when-due',
      { create: [{ alg: 'RS256', signsFrom: at(0) }], leave: [] },
    ],
  ]
  for (const [title, keys, now, mode, plan] of rows)
    test(title, () => {
      assert.deepEqual(planRotation([...keys, other], now, mode), plan)
    })
})

test('the first key signs, then come the earlier ones, then those that sign later', () => {
  const keys = [
    key('next', at(DAY)),
    key('old', at(-91 * DAY)),
    key('now', at(-DAY)),
    key('gone', at(-99 * DAY), at(0)),
  ]

  const order = inSigningOrder(keys, at(0)).map(({ kid }) => kid)

  assert.deepEqual(order, ['now', 'old', 'next'])
})

/** A run of the rotation at a time after the last one. */
const runs = fc.array(
  fc.record({
    after: fc.integer({ min: 0, max: 120 * DAY }),
    mode: fc.constantFrom<RotationMode>('when-due', 'when-due', 'when-due', 'with-notice', 'at-once'),
  }),
  { minLength: 1, maxLength: 12 },
)

interface Made extends PlannedKey {
  createdAt: Date
  hadPredecessor: boolean
}

/** Applies the plans one after another, as the command does. `look` sees the keys before and after each run. */
function carryOut(
  steps: readonly { after: number; mode: RotationMode }[],
  look: (keys: readonly Made[], now: Date, lastEmergency: Date | undefined) => void,
): { keys: Made[]; emergencies: Date[] } {
  const keys: Made[] = []
  const emergencies: Date[] = []
  let now = START
  for (const { after, mode } of steps) {
    now = new Date(now.getTime() + after)
    if (keys.length > 0) look(keys, now, emergencies.at(-1))
    if (mode === 'at-once') emergencies.push(now)
    const { create, leave } = planRotation(keys, now, mode)
    const hadPredecessor = keys.length > 0
    for (const { kid, leavesAt } of leave)
      for (const made of keys) if (made.kid === kid) made.leavesAt = leavesAt
    for (const { alg, signsFrom } of create)
      keys.push({ kid: `k${keys.length}`, alg, signsFrom, leavesAt: null, createdAt: now, hadPredecessor })
    look(keys, now, emergencies.at(-1))
  }
  return { keys, emergencies }
}

const signingKeyOf = (keys: readonly Made[], alg: string, now: Date) =>
  inSigningOrder(keys, now).find((made) => made.alg === alg)

describe('for any sequence of runs', () => {
  test('there is always a key of each algorithm that signs', () => {
    fc.assert(
      fc.property(runs, (steps) => {
        carryOut(steps, (keys, now) => {
          for (const alg of SIGNING_ALGS) {
            const signing = signingKeyOf(keys, alg, now)
            assert.ok(signing && signing.signsFrom <= now, `${alg} at ${now.toISOString()}`)
          }
        })
      }),
    )
  })

  test('a key that replaces another was published a day before it signs, except in an emergency', () => {
    fc.assert(
      fc.property(runs, (steps) => {
        const { keys, emergencies } = carryOut(steps, () => {})
        for (const { createdAt, signsFrom, hadPredecessor } of keys) {
          const inEmergency = emergencies.some((time) => time.getTime() === createdAt.getTime())
          if (hadPredecessor && !inEmergency) assert.ok(signsFrom.getTime() - createdAt.getTime() >= DAY)
        }
      }),
    )
  })

  test('no key leaves within a day after it stopped signing, except in an emergency', () => {
    fc.assert(
      fc.property(runs, (steps) => {
        const { keys, emergencies } = carryOut(steps, () => {})
        for (const { alg, kid, signsFrom, leavesAt } of keys) {
          if (!leavesAt || emergencies.some((time) => time.getTime() === leavesAt.getTime())) continue
          const successor = keys.find(
            (made) => made.alg === alg && made.kid !== kid && made.signsFrom > signsFrom,
          )
          assert.ok(successor && leavesAt.getTime() - successor.signsFrom.getTime() >= DAY)
        }
      }),
    )
  })

  test('after an emergency only keys are published that were made in it or later', () => {
    fc.assert(
      fc.property(runs, (steps) => {
        carryOut(steps, (keys, now, emergency) => {
          for (const made of inSigningOrder(keys, now)) assert.ok(!emergency || made.createdAt >= emergency)
        })
      }),
    )
  })
})

function none(): ReturnType<typeof planRotation> {
  return { create: [], leave: [] }
}
