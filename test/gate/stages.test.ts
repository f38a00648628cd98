// The stage table, row by row: the expected stage is written out here anew for every combination of facts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Facts, factsOf } from '../../src/gate/facts.ts'
import { AT_ONCE, mfaRequired, mfaRequiredFrom, type Requirement } from '../../src/gate/mfa-required.ts'
import { ownPath } from '../../src/gate/own-path.ts'
import { stageOf } from '../../src/gate/stages.ts'

const BOTH = [false, true]

test('every combination of facts leads to the stage that the specification names', () => {
  for (const passwordProven of BOTH)
    for (const enrolmentRequired of BOTH)
      for (const authenticatorActive of BOTH)
        for (const codeProven of BOTH)
          for (const halfwayOver of BOTH) {
            const facts = { passwordProven, enrolmentRequired, authenticatorActive, codeProven, halfwayOver }
            assert.equal(stageOf(facts).name, expectedStage(facts), JSON.stringify(facts))
          }
})

function expectedStage(f: Facts): string {
  if (!f.passwordProven) return 'signed-out'
  if (f.authenticatorActive && f.codeProven) return 'signed-in'
  if (!f.authenticatorActive && !f.enrolmentRequired) return 'signed-in'
  if (f.halfwayOver) return 'signed-out'
  return f.authenticatorActive ? 'verify' : 'enrol'
}

test('without proofs or without a user no fact favours the request', () => {
  assert.equal(stageOf(factsOf(undefined, null, new Date())).name, 'signed-out')
  assert.equal(
    stageOf(factsOf({ userId: 'u', epoch: 0, passwordAt: Date.now() }, null, new Date())).name,
    'signed-out',
  )
})

test('MFA is required if any role group of the user requires it, and never waived by absence', () => {
  const now = new Date('2026-03-02T09:00:00Z')
  const group = (required: boolean) => ({ requirement: required ? AT_ONCE : null })
  const table: [boolean, boolean[], boolean][] = [
    // platform, what each role group requires, expected
    [false, [false], false],
    [false, [false, false], false],
    [false, [true], true],
    [false, [false, true], true],
    [false, [true, false, false], true],
    [false, [], true],
    [true, [false], true],
    [true, [], true],
  ]
  for (const [ofPlatform, groups, expected] of table)
    assert.equal(
      mfaRequired({ ofPlatform, roleGroups: groups.map(group) }, now),
      expected,
      JSON.stringify(groups),
    )
})

const START = Date.parse('2026-04-01T09:00:00Z')
const at = (ms: number) => new Date(START + ms)
const from = (ms: number): Requirement => ({ startsAt: at(ms) })

test('a requirement applies from its start on, to the millisecond, and the earliest of a user counts', () => {
  const table: [(Requirement | null)[], number, boolean, Date | null][] = [
    // what the role groups require, milliseconds after the start, required, required from
    [[from(0)], -1, false, at(0)],
    [[from(0)], 0, true, null],
    [[from(0)], 1, true, null],
    [[from(0), from(10)], -1, false, at(0)],
    [[from(10), from(0)], 5, true, null],
    [[from(0), null], -1, false, at(0)],
    [[from(0), AT_ONCE], -1, true, null],
    [[null], 0, false, null],
    [[], -1, true, null],
  ]
  for (const [requirements, ms, required, requiredFrom] of table) {
    const user = { ofPlatform: false, roleGroups: requirements.map((requirement) => ({ requirement })) }
    assert.equal(mfaRequired(user, at(ms)), required, JSON.stringify([requirements, ms]))
    assert.deepEqual(mfaRequiredFrom(user, at(ms)), requiredFrom, JSON.stringify([requirements, ms]))
    assert.equal(mfaRequired({ ...user, ofPlatform: true }, at(ms)), true)
  }
})

test('as time passes a requirement begins once and never ends, exactly when it was announced', () => {
  const start = fc.integer({ min: -1_000, max: 1_000 }).map(from)
  const requirement = fc.oneof(fc.constant(null), fc.constant(AT_ONCE), start)
  const times = fc.tuple(fc.integer({ min: -1_500, max: 1_500 }), fc.nat(3_000))
  fc.assert(
    fc.property(fc.array(fc.record({ requirement })), times, (roleGroups, [ms, later]) => {
      const user = { ofPlatform: false, roleGroups }
      const announced = mfaRequiredFrom(user, at(ms))
      if (mfaRequired(user, at(ms))) assert.ok(mfaRequired(user, at(ms + later)))
      else if (announced === null) assert.ok(!mfaRequired(user, at(ms + later)))
      else assert.equal(mfaRequired(user, at(ms + later)), at(ms + later) >= announced)
    }),
  )
})

test('the return path after sign-in stays on our own origin', () => {
  const home = 'https://dashboard.example'
  const kept = ['/', '/users', '/users?q=a&after=b', '/clients/1/users', '/a%2Fb', '/%2F%2Fevil.example']
  const refused = [
    undefined,
    '',
    'users',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '/\\/evil.example',
    '\\/evil.example',
    'https://evil.example',
    'https:evil.example',
    'javascript:alert(1)',
    '/\tevil',
    '\t//evil.example',
    '\n/users',
    '/a\\b',
    '/.//evil.example',
    '/a/..//evil.example',
    '/users\r\nSet-Cookie: x=y',
    '/üser',
    ['/users'],
    { a: 1 },
  ]
  for (const path of kept) assert.equal(ownPath(path, home), path)
  for (const path of refused) assert.equal(ownPath(path, home), null, String(path))
})
