import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Alike, coverageOf, percentage } from '../../src/home/coverage.ts'

const ADMIN = { key: 'admin', name: 'Admin', requiresMfa: true }
const FINANCE = { key: 'finance', name: 'Finance', requiresMfa: false }
const TECH = { key: 'tech', name: 'Tech', requiresMfa: true }

const POLICY = [ADMIN, FINANCE, TECH]

const client = { isPlatform: false }
const people = (roleGroups: Alike['roleGroups'], number: number, more: Partial<Alike> = {}): Alike => ({
  roleGroups,
  enrolled: false,
  status: 'active',
  people: number,
  ...more,
})

describe('the coverage of an account', () => {
  test('counts whoever holds several role groups in each of them, and once among the people', () => {
    const { people: all, roleGroups } = coverageOf(client, POLICY, [
      people([FINANCE, ADMIN], 2, { enrolled: true }),
      people([FINANCE], 5),
    ])

    assert.equal(all, 7)
    assert.deepEqual(
      roleGroups.map(({ key, members, enrolled }) => [key, members, enrolled]),
      [
        ['admin', 2, 2],
        ['finance', 7, 2],
      ],
    )
  })

  test('misses an authenticator of whoever holds any role group that requires MFA, or none at all', () => {
    const { missing, required } = coverageOf(client, POLICY, [
      people([FINANCE], 1),
      people([FINANCE, TECH], 10),
      people([TECH], 100, { enrolled: true }),
      people([ADMIN], 1000, { status: 'invited' }),
      people([], 10_000),
    ])

    assert.deepEqual(missing, { active: 10_010, invited: 1000 })
    assert.equal(required, 11_110)
  })

  test('of the platform account requires it of everybody', () => {
    assert.equal(coverageOf({ isPlatform: true }, POLICY, [people([FINANCE], 3)]).missing.active, 3)
  })

  test('of nobody is nothing', () => {
    const { people: all, missing, roleGroups } = coverageOf(client, POLICY, [])

    assert.deepEqual([all, missing, roleGroups], [0, { active: 0, invited: 0 }, []])
  })

  test('lists the role groups that somebody holds in the order of the policy', () => {
    const { roleGroups } = coverageOf(client, POLICY, [
      people([TECH], 1),
      people([FINANCE], 1),
      people([ADMIN], 1),
    ])

    assert.deepEqual(
      roleGroups.map(({ key }) => key),
      ['admin', 'finance', 'tech'],
    )
  })
})

describe('a percentage', () => {
  test('is 100 of everybody only, and 0 of nobody only', () => {
    assert.equal(percentage(999, 1000), 99)
    assert.equal(percentage(1, 1000), 1)
    assert.equal(percentage(0, 7), 0)
    assert.equal(percentage(7, 7), 100)
    assert.equal(percentage(1, 3), 33)
    assert.equal(percentage(0, 0), null)
  })

  test('never leaves 0 to 100', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), (part, rest) => {
        const share = percentage(part, part + rest)
        assert.ok(share === null ? part + rest === 0 : share >= 0 && share <= 100)
      }),
    )
  })
})
