// What a form about the MFA policy changes, and what it says of whom.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { mayLoosenPolicy, mayTightenPolicy } from '../../src/access/rules.ts'
import { affectedSentences } from '../../src/mfa-policy/affected.ts'
import { coverageSentence } from '../../src/mfa-policy/coverage.ts'
import {
  type KeyedRequirement,
  loosens,
  policyAfter,
  policyChange,
  type WantedPolicy,
} from '../../src/mfa-policy/policy-change.ts'
import { readStart } from '../../src/mfa-policy/policy-form.ts'
import { DAY } from '../../src/platform/time/durations.ts'

const NOW = new Date('2026-03-02T09:00:00Z')
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY)
const atOnce = (...keys: string[]): KeyedRequirement[] => keys.map((key) => ({ key, startsAt: null }))

/** A form that changes no start, unless told to. */
function change(
  current: readonly KeyedRequirement[],
  roleGroups: string[],
  basedOn: string[] | null,
  { changeStart = [], startsAt = null }: Partial<Pick<WantedPolicy, 'changeStart' | 'startsAt'>> = {},
) {
  return policyChange(current, { roleGroups, basedOn, changeStart, startsAt }, NOW)
}

const NOTHING = { added: [], earlier: [], later: [], removed: [] }

describe('a change of the MFA policy', () => {
  test('a change without a basis is the whole set', () => {
    assert.deepEqual(change(atOnce('a', 'b'), ['b', 'c', 'c'], null), {
      ...NOTHING,
      added: ['c'],
      removed: ['a'],
    })
    assert.deepEqual(change(atOnce('a'), [], null).removed, ['a'])
  })

  test('a change touches only what its sender touched, and keeps what another person changed meanwhile', () => {
    // Both saw ['a']; the other one has added 'b' since.
    assert.deepEqual(change(atOnce('a', 'b'), ['a', 'c'], ['a']), { ...NOTHING, added: ['c'] })
    // Both saw ['a', 'b']; the other one has taken 'b' out since.
    assert.deepEqual(change(atOnce('a'), ['a', 'b'], ['a', 'b']), NOTHING)
    assert.deepEqual(change(atOnce('a'), ['b'], ['b', 'a']), { ...NOTHING, removed: ['a'] })
  })

  test('two changes in either order give the same policy, and never more than both asked for', () => {
    const keys = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e'))
    fc.assert(
      fc.property(keys, keys, keys, (seen, one, other) => {
        const then = (policy: KeyedRequirement[], wanted: string[]) =>
          policyAfter(policy, change(policy, wanted, seen), null)
        const after = (first: string[], second: string[]) =>
          then(then(atOnce(...seen), first), second)
            .map(({ key }) => key)
            .toSorted()
        assert.deepEqual(after(one, other), after(other, one))
        for (const key of after(one, other)) assert.ok([...seen, ...one, ...other].includes(key))
        for (const key of seen)
          if (one.includes(key) && other.includes(key)) assert.ok(after(one, other).includes(key))
      }),
    )
  })

  test('an earlier start tightens, a later one loosens, also if the requirement is in force', () => {
    const [soon, late] = [inDays(3), inDays(9)]
    const table: [Date | null, Date | null, 'earlier' | 'later' | 'nothing'][] = [
      // the start so far, the start wanted
      [soon, late, 'later'],
      [late, soon, 'earlier'],
      [late, null, 'earlier'],
      [soon, soon, 'nothing'],
      [null, soon, 'later'],
      [null, null, 'nothing'],
      // In force since a time that has passed.
      [inDays(-3), soon, 'later'],
      [inDays(-3), null, 'nothing'],
      [NOW, soon, 'later'],
      [new Date(NOW.getTime() + 1), null, 'earlier'],
    ]
    for (const [startsAt, wanted, expected] of table) {
      const options = { changeStart: ['a'], startsAt: wanted }
      const changed = change([{ key: 'a', startsAt }], ['a'], ['a'], options)
      assert.deepEqual(
        changed,
        expected === 'nothing' ? NOTHING : { ...NOTHING, [expected]: ['a'] },
        `${startsAt?.toISOString()} to ${wanted?.toISOString()}`,
      )
      assert.equal(loosens(changed), expected === 'later')
    }
  })

  test('a start is changed only where the form says so, and of no role group that is taken out', () => {
    const planned = [{ key: 'a', startsAt: inDays(9) }]
    assert.deepEqual(change(planned, ['a'], ['a'], { startsAt: inDays(3) }), NOTHING)
    const both = { changeStart: ['a'], startsAt: inDays(3) }
    assert.deepEqual(change(planned, [], ['a'], both), { ...NOTHING, removed: ['a'] })
    assert.deepEqual(change([], ['a'], ['a'], both), NOTHING, 'another person has taken it out')
  })

  test('of two people who require MFA of the same role group the earlier start counts', () => {
    const planned = [{ key: 'a', startsAt: inDays(9) }]
    assert.deepEqual(change(planned, ['a'], []), { ...NOTHING, earlier: ['a'] })
    assert.deepEqual(change(planned, ['a'], [], { startsAt: inDays(3) }), { ...NOTHING, earlier: ['a'] })
    assert.deepEqual(change(planned, ['a'], [], { startsAt: inDays(12) }), NOTHING)
    assert.deepEqual(change(atOnce('a'), ['a'], [], { startsAt: inDays(3) }), NOTHING)
  })
})

test('no sequence of changes that Admins may make, on any basis, ever takes a role group out or postpones it', () => {
  const keys = fc.array(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e'))
  const starts = fc.option(fc.integer({ min: 1, max: 9 }).map(inDays))
  const forms = fc.array(fc.tuple(keys, fc.option(keys), keys, starts))
  const held = fc.uniqueArray(fc.record({ key: fc.constantFrom<string>('a', 'b', 'c'), startsAt: starts }), {
    selector: ({ key }) => key,
  })
  const admin = { id: 'actor', isAdmin: true, isServiceDesk: false, isOperator: false, rank: 100 }
  const own = { relation: 'own', isPlatform: false, suspended: false } as const
  fc.assert(
    fc.property(held, forms, (start, sent) => {
      let policy = start
      for (const [wanted, basedOn, changeStart, startsAt] of sent) {
        const changed = change(policy, wanted, basedOn, { changeStart, startsAt })
        const rule = loosens(changed) ? mayLoosenPolicy : mayTightenPolicy
        if (rule(admin, own) === null) policy = policyAfter(policy, changed, startsAt)
        assert.equal(new Set(policy.map(({ key }) => key)).size, policy.length, 'each at most once')
      }
      for (const { key, startsAt } of start) {
        const now = policy.find((required) => required.key === key)
        assert.ok(now, 'it is still required')
        assert.ok((now.startsAt?.getTime() ?? 0) <= (startsAt?.getTime() ?? 0), 'no later than before')
      }
    }),
  )
})

describe('the start of a requirement as typed', () => {
  const berlin = { now: NOW, timeZone: 'Europe/Berlin' }

  test('it is read in the zone of the reader, and empty means at once', () => {
    assert.deepEqual(readStart('', berlin), { ok: true, startsAt: null })
    const nine = { ok: true, startsAt: new Date('2026-04-01T07:00:00Z') }
    assert.deepEqual(readStart('2026-04-01T09:00', berlin), nine)
    assert.deepEqual(readStart('2026-04-01T07:00:00.000Z', berlin), nine)
  })

  test('a start that is no time, has passed or is more than 90 days ahead is refused with its reason', () => {
    const table: [string, RegExp][] = [
      ['soon', /date and a time/],
      ['2026-04-01', /date and a time/],
      ['2026-02-30T09:00', /date and a time/],
      ['2026-03-02T09:00Z', /has passed/],
      ['2026-03-01T09:00', /has passed/],
      ['2026-05-31T09:00:00.001Z', /next 90 days/],
      ['9999-01-01T09:00', /./],
    ]
    for (const [typed, problem] of table) {
      const read = readStart(typed, berlin)
      assert.match(read.ok ? '' : read.problem, problem, typed)
    }
    assert.ok(readStart('2026-03-02T09:00:00.001Z', berlin).ok)
    assert.ok(readStart('2026-05-31T09:00Z', berlin).ok)
  })
})

describe('the people affected by a change', () => {
  const alike = { clientId: 'harbour', enrolled: false, status: 'active' as const, people: 1 }
  const headcounts = [
    { ...alike, roleGroups: ['tech-operator'], people: 5 },
    { ...alike, roleGroups: ['tech-operator', 'finance-manager'], people: 3, enrolled: true },
    { ...alike, roleGroups: ['finance-manager'], people: 2, status: 'invited' as const },
    { ...alike, roleGroups: ['admin', 'finance-manager'], people: 7 },
    { ...alike, roleGroups: [], people: 11 },
    { ...alike, roleGroups: ['tech-operator'], people: 13, status: 'disabled' as const },
  ]
  const said = (
    current: KeyedRequirement[],
    wanted: string[],
    start: Partial<Pick<WantedPolicy, 'changeStart' | 'startsAt'>> = {},
  ) => {
    const { startsAt = null } = start
    const changed = change(current, wanted, null, start)
    return affectedSentences(headcounts, { current, change: changed, startsAt, startText: 'THEN' }, NOW)
  }

  test('the affected people are shown before the change is saved', () => {
    assert.deepEqual(said(atOnce('admin'), ['admin', 'tech-operator', 'finance-manager']), [
      '10 people, 7 not enrolled: they will be asked to enrol at their next request.',
    ])
    assert.deepEqual(said(atOnce('admin'), ['admin', 'finance-operator']), [
      'No user is affected just now. A user given one of these role groups will be asked to enrol.',
    ])
    assert.deepEqual(said(atOnce('admin', 'finance-manager'), ['admin']), [
      '5 people will no longer be required to use MFA, 2 of them not enrolled. Anyone who is enrolled is still asked for a code.',
    ])
  })

  test('the review of a start says who is told, when, and what happens then', () => {
    const both = ['admin', 'tech-operator', 'finance-manager']
    assert.deepEqual(said(atOnce('admin'), both, { startsAt: inDays(9) }), [
      '10 people, 7 not enrolled. Until THEN they sign in as before, and every page tells them of the start. A mail goes to the 5 active users among them now, and again a day before. From then on they will be asked to enrol at their next request.',
    ])
    assert.match(said(atOnce('admin'), both, { startsAt: inDays(0.5) }).join(), /among them now\. From/)
    assert.match(
      said(atOnce('admin'), ['admin', 'finance-manager'], { startsAt: inDays(9) }).join(),
      /None of them is active yet, so no mail goes out now/,
    )
  })

  test('the review of a later start counts those who get more time, and of an earlier one those who get less', () => {
    const planned = [...atOnce('admin'), { key: 'tech-operator', startsAt: inDays(3) }]
    const keep = ['admin', 'tech-operator']
    const restart = (startsAt: Date | null) =>
      said(planned, keep, { changeStart: ['tech-operator'], startsAt })
    assert.deepEqual(restart(inDays(9)), [
      '8 people, 5 not enrolled: they have time until THEN. Anyone who is enrolled is still asked for a code.',
    ])
    assert.match(restart(inDays(2)).join(), /^8 people, 5 not enrolled\. Until THEN/)
    assert.deepEqual(restart(null), [
      '8 people, 5 not enrolled: they will be asked to enrol at their next request.',
    ])
    assert.deepEqual(
      said(atOnce(...keep), keep, { changeStart: ['tech-operator'], startsAt: inDays(9) }),
      restart(inDays(9)),
    )
  })

  test('taking out what has not begun releases no one from what applies', () => {
    const planned = [...atOnce('admin'), { key: 'tech-operator', startsAt: inDays(3) }]
    assert.match(said(planned, ['admin']).join(), /^8 people will not be required to use MFA, 5 of them/)
  })
})

test('coverage is one line of text', () => {
  assert.equal(
    coverageSentence({ people: 1_200, enrolled: 9, missing: { active: 1, invited: 1 } }),
    '1,200 people, 9 enrolled, 2 required but missing',
  )
  const none = { people: 0, enrolled: 0, missing: { active: 0, invited: 0 } }
  assert.equal(coverageSentence(none), 'No people yet')
})
