import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applicationChanges, changesEntry } from '../../src/applications/application-changes.ts'
import type { ApplicationFacts } from '../../src/applications/application-form.ts'
import { entrySentence } from '../../src/applications/entry-sentence.ts'

const rule = {
  everyClient: false,
  clientNames: [],
  clientCount: 0,
  roleGroupNames: ['Admin'],
  everyRoleGroup: false,
}

test('who may enter is said in words', () => {
  for (const [change, sentence] of [
    [{ everyClient: true }, 'Admin, of every account'],
    [{ everyClient: true, roleGroupNames: ['Admin', 'Operator'] }, 'Admin or Operator, of every account'],
    [{}, 'Admin, but no account is chosen yet'],
    [{ clientCount: 1, clientNames: ['Harbour'] }, 'Admin, of Harbour'],
    [{ clientCount: 2, clientNames: ['A', 'B'] }, 'Admin, of A and B'],
    [{ clientCount: 9, clientNames: ['A', 'B', 'C'] }, 'Admin, of A, B, C and 6 more'],
    [{ everyRoleGroup: true, everyClient: true }, 'Any role group, of every account'],
  ] as const)
    assert.equal(entrySentence({ ...rule, ...change }), sentence)
})

const FACTS: ApplicationFacts = {
  name: 'Ledger',
  icon: 'money',
  address: 'https://ledger.example/',
  host: null,
  everyClient: true,
  roleGroups: ['admin', 'operator'],
  requiresMfa: false,
  clientAuth: 'private_key_jwt',
  publicKeys: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'a' }] },
  redirectUris: [],
  postLogoutRedirectUris: [],
  backChannelLogoutUri: null,
  idTokenAlg: 'RS256',
  refreshTokens: false,
}

test('a change names what differs, and not the order of role groups or of the members of a key', () => {
  const same = {
    ...FACTS,
    roleGroups: ['operator', 'admin'],
    publicKeys: { keys: [{ x: 'a', crv: 'Ed25519', kty: 'OKP' }] },
  }
  assert.deepEqual(applicationChanges(FACTS, same), {})

  const changes = applicationChanges(FACTS, { ...FACTS, name: 'Books', publicKeys: null })
  assert.deepEqual(changes, {
    name: { from: 'Ledger', to: 'Books' },
    publicKeys: { from: '1 key', to: null },
  })
  assert.equal(changesEntry(changes), false)
})

test('accounts, role groups and MFA decide who may enter', () => {
  for (const change of [{ everyClient: false }, { roleGroups: ['admin'] }, { requiresMfa: true }])
    assert.ok(changesEntry(applicationChanges(FACTS, { ...FACTS, ...change })))
})
