// What a form about the MFA policy changes, and what it says of whom.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { mayLoosenPolicy, mayTightenPolicy } from '../../src/access/rules.ts'
import { affectedBy, affectedSentences } from '../../src/mfa-policy/affected.ts'
import { coverageSentence } from '../../src/mfa-policy/coverage.ts'
import { policyChange } from '../../src/mfa-policy/policy-change.ts'

describe('a change of the MFA policy', () => {
  test('a change without a basis is the whole set', () => {
    assert.deepEqual(policyChange(['a', 'b'], ['b', 'c', 'c'], null), {
      added: ['c'],
      removed: ['a'],
      next: ['b', 'c'],
    })
    assert.deepEqual(policyChange(['a'], [], null).removed, ['a'])
  })

  test('a change touches only what its sender touched, and keeps what another person changed meanwhile', () => {
    // Both saw ['a']; the other one has added 'b' since.
    assert.deepEqual(policyChange(['a', 'b'], ['a', 'c'], ['a']), {
      added: ['c'],
      removed: [],
      next: ['a', 'b', 'c'],
    })
    // Both saw ['a', 'b']; the other one has taken 'b' out since.
    assert.deepEqual(policyChange(['a'], ['a', 'b'], ['a', 'b']), { added: [], removed: [], next: ['a'] })
    assert.deepEqual(policyChange(['a'], ['b'], ['b', 'a']), { added: [], removed: ['a'], next: [] })
  })

  test('two changes in either order give the same policy, and never more than both asked for', () => {
    const keys = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e'))
    fc.assert(
      fc.property(keys, keys, keys, (seen, one, other) => {
        const after = (first: string[], second: string[]) =>
          policyChange(policyChange(seen, first, seen).next, second, seen).next.toSorted()
        assert.deepEqual(after(one, other), after(other, one))
        for (const key of after(one, other)) assert.ok([...seen, ...one, ...other].includes(key))
        for (const key of seen)
          if (one.includes(key) && other.includes(key)) assert.ok(after(one, other).includes(key))
      }),
    )
  })
})

test('no sequence of changes that Admins may make, on any basis, ever takes a role group out', () => {
  const keys = fc.array(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e'))
  const forms = fc.array(fc.tuple(keys, fc.option(keys)))
  const admin = { id: 'actor', isAdmin: true, isServiceDesk: false, isOperator: false, rank: 100 }
  const own = { relation: 'own', isPlatform: false, suspended: false } as const
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c')), forms, (start, sent) => {
      let policy = start
      for (const [wanted, basedOn] of sent) {
        const { removed, next } = policyChange(policy, wanted, basedOn)
        const rule = removed.length > 0 ? mayLoosenPolicy : mayTightenPolicy
        if (rule(admin, own) === null) policy = next
        assert.equal(new Set(policy).size, policy.length, 'each at most once')
      }
      for (const key of start) assert.ok(policy.includes(key))
    }),
  )
})

describe('the people affected by a change', () => {
  const none = { people: 0, notEnrolled: 0 }
  const tightening = { adds: true, removes: false }

  test('the affected people are shown before the change is saved', () => {
    const affected = {
      required: { people: 12, notEnrolled: 9 },
      released: none,
    }
    assert.deepEqual(affectedSentences(affected, tightening), [
      '12 people, 9 not enrolled: they will be asked to enrol at their next request.',
    ])
    assert.match(
      affectedSentences({ ...affected, required: { people: 1, notEnrolled: 0 } }, tightening)[0] ?? '',
      /^1 person, 0 not enrolled: .* nothing changes/,
    )
    assert.match(
      affectedSentences({ ...affected, required: none }, tightening)[0] ?? '',
      /^No user is affected/,
    )
    assert.match(
      affectedSentences(
        { ...affected, released: { people: 3, notEnrolled: 2 } },
        { adds: false, removes: true },
      ).join(),
      /^3 people .*2 of them not enrolled.*still asked for a code/,
    )
  })

  test('all users whose role groups begin or cease to require MFA are affected once, and no disabled user', () => {
    const alike = { clientId: 'harbour', enrolled: false, status: 'active' as const, people: 1 }
    const headcounts = [
      { ...alike, roleGroups: ['tech-operator'], people: 5 },
      { ...alike, roleGroups: ['tech-operator', 'finance-manager'], people: 3, enrolled: true },
      { ...alike, roleGroups: ['finance-manager'], people: 2 },
      { ...alike, roleGroups: ['admin', 'finance-manager'], people: 7 },
      { ...alike, roleGroups: [], people: 11 },
      { ...alike, roleGroups: ['tech-operator'], people: 13, status: 'disabled' as const },
    ]
    assert.deepEqual(
      affectedBy(headcounts, { current: ['admin'], next: ['admin', 'tech-operator', 'finance-manager'] }),
      { required: { people: 10, notEnrolled: 7 }, released: none },
    )
    assert.deepEqual(affectedBy(headcounts, { current: ['admin', 'finance-manager'], next: ['admin'] }), {
      required: none,
      released: { people: 5, notEnrolled: 2 },
    })
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
