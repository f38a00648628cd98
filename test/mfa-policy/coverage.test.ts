import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { coverageByRoleGroup, coverageOf, percentage } from '../../src/mfa-policy/coverage.ts'
import type { Headcount } from '../../src/users/headcount.ts'

const POLICY = [
  { key: 'admin', name: 'Admin' },
  { key: 'finance', name: 'Finance' },
  { key: 'tech', name: 'Tech' },
]
const REQUIRED = ['admin', 'tech']

const client = { isPlatform: false }
const people = (roleGroups: string[], number: number, more: Partial<Headcount> = {}): Headcount => ({
  clientId: 'harbour',
  roleGroups,
  enrolled: false,
  status: 'active',
  people: number,
  ...more,
})

describe('the coverage of an account', () => {
  test('coverage counts a user of several role groups in each of them, and once among the people', () => {
    const headcounts = [people(['finance', 'admin'], 2, { enrolled: true }), people(['finance'], 5)]

    const { people: all, enrolled } = coverageOf(client, REQUIRED, headcounts)
    assert.deepEqual([all, enrolled], [7, 2])
    assert.deepEqual(
      coverageByRoleGroup(POLICY, REQUIRED, headcounts).map(({ key, members, enrolled }) => [
        key,
        members,
        enrolled,
      ]),
      [
        ['admin', 2, 2],
        ['finance', 7, 2],
      ],
    )
  })

  test('coverage misses an authenticator of a user who holds a role group that requires MFA', () => {
    const { missing } = coverageOf(client, REQUIRED, [
      people(['finance'], 1),
      people(['finance', 'tech'], 10),
      people(['tech'], 100, { enrolled: true }),
      people(['admin'], 1000, { status: 'invited' }),
      people([], 10_000),
    ])

    assert.deepEqual(missing, { active: 10_010, invited: 1000 })
  })

  test('coverage leaves out disabled users', () => {
    const headcounts = [people(['admin'], 3, { status: 'disabled' }), people(['tech'], 1)]

    assert.deepEqual(coverageOf(client, REQUIRED, headcounts), {
      people: 1,
      enrolled: 0,
      missing: { active: 1, invited: 0 },
    })
    assert.deepEqual(
      coverageByRoleGroup(POLICY, REQUIRED, headcounts).map(({ key }) => key),
      ['tech'],
    )
  })

  test('the coverage of the platform account requires MFA of all users', () => {
    assert.equal(coverageOf({ isPlatform: true }, [], [people(['finance'], 3)]).missing.active, 3)
  })

  test('an account without users shows an empty list', () => {
    const nothing = { people: 0, enrolled: 0, missing: { active: 0, invited: 0 } }
    assert.deepEqual(coverageOf(client, REQUIRED, []), nothing)
    assert.deepEqual(coverageByRoleGroup(POLICY, REQUIRED, []), [])
  })

  test('coverage lists the held role groups in the order of the policy', () => {
    const headcounts = [people(['tech'], 1), people(['finance'], 1), people(['admin'], 1)]

    assert.deepEqual(
      coverageByRoleGroup(POLICY, REQUIRED, headcounts).map(({ key }) => key),
      ['admin', 'finance', 'tech'],
    )
  })
})

describe('a percentage', () => {
  test('a percentage is 100 only for all, and 0 only for none', () => {
    assert.equal(percentage(999, 1000), 99)
    assert.equal(percentage(1, 1000), 1)
    assert.equal(percentage(0, 7), 0)
    assert.equal(percentage(7, 7), 100)
    assert.equal(percentage(1, 3), 33)
    assert.equal(percentage(0, 0), null)
  })

  test('a percentage never leaves 0 to 100', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), (part, rest) => {
        const share = percentage(part, part + rest)
        assert.ok(share === null ? part + rest === 0 : share >= 0 && share <= 100)
      }),
    )
  })
})
