// The stage table, row by row: the expected stage is written out here anew for every combination of facts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Facts, factsOf } from '../../src/gate/facts.ts'
import { mfaRequired } from '../../src/gate/mfa-required.ts'
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
  const group = (requiresMfa: boolean) => ({ requiresMfa })
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
    assert.equal(mfaRequired({ ofPlatform, roleGroups: groups.map(group) }), expected, JSON.stringify(groups))
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
