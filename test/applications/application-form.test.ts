import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type FormContext,
  readApplicationForm,
  typedApplication,
  type Way,
} from '../../src/applications/application-form.ts'
import { formOf } from '../../src/applications/form-of.ts'

const context = (way: Way): FormContext => ({
  way,
  publicUrl: 'https://gate.example',
  roleGroupKeys: ['admin', 'finance-manager'],
})

const EVERY_WAY = {
  name: 'Ledger',
  icon: 'money',
  address: 'https://Ledger.example:443/start',
  accounts: 'chosen',
  roleGroups: 'admin',
  ticket: 'SD-1',
  reason: 'Asked for',
}
const OPENID = {
  ...EVERY_WAY,
  roleGroups: ['admin', 'finance-manager'],
  requiresMfa: 'yes',
  clientAuth: 'client_secret_basic',
  publicKeys: 'ignored without a private key',
  redirectUris: 'https://ledger.example/callback',
  postLogoutRedirectUris: '',
  backChannelLogoutUri: '',
  idTokenAlg: 'RS256',
  refreshTokens: 'yes',
}

const problemsOf = (form: Record<string, unknown>, way: Way = 'openid-connect') => {
  const read = readApplicationForm(form, context(way))
  return read.ok ? {} : read.problems
}

test('the form of an application with forward authentication gives its host, and nothing of OpenID Connect', () => {
  const read = readApplicationForm({ ...OPENID, ...EVERY_WAY }, context('forward-auth'))

  assert.deepEqual(read, {
    ok: true,
    facts: {
      name: 'Ledger',
      icon: 'money',
      address: 'https://ledger.example/start',
      host: 'ledger.example',
      everyClient: false,
      roleGroups: ['admin'],
      requiresMfa: true,
      clientAuth: 'client_secret_basic',
      publicKeys: null,
      redirectUris: [],
      postLogoutRedirectUris: [],
      backChannelLogoutUri: null,
      idTokenAlg: 'RS256',
      refreshTokens: false,
    },
    evidence: { ticket: 'SD-1', reason: 'Asked for' },
  })
})

test('the form of an application with OpenID Connect is read whole, and shows again what was saved', () => {
  const read = readApplicationForm(OPENID, context('openid-connect'))

  assert.ok(read.ok)
  assert.equal(read.facts.host, null)
  assert.equal(read.facts.publicKeys, null)
  assert.deepEqual(read.facts.redirectUris, ['https://ledger.example/callback'])
  assert.equal(read.facts.backChannelLogoutUri, null)
  const again = readApplicationForm({ ...formOf(read.facts), ...read.evidence }, context('openid-connect'))
  assert.deepEqual(again, read)
})

describe('what is wrong with the form', () => {
  const WRONG: Record<string, [string, Record<string, unknown>]> = {
    'no name': ['name', { name: ' ' }],
    'a long name': ['name', { name: 'a'.repeat(61) }],
    'an invisible name': ['name', { name: '\u2800' }],
    'an unknown icon': ['icon', { icon: '../../etc' }],
    'our own address': ['address', { address: 'https://gate.example/' }],
    'no word about accounts': ['accounts', { accounts: '' }],
    'no role group': ['roleGroups', { roleGroups: [] }],
    'an unknown role group': ['roleGroups', { roleGroups: ['admin', 'king'] }],
    'no redirect address': ['redirectUris', { redirectUris: '' }],
    'a redirect to ourselves': ['redirectUris', { redirectUris: 'https://gate.example/oidc/auth' }],
    'a sign-out address with a fragment': [
      'postLogoutRedirectUris',
      { postLogoutRedirectUris: 'https://ledger.example/#' },
    ],
    'a back-channel address over http': [
      'backChannelLogoutUri',
      { backChannelLogoutUri: 'http://ledger.example/logout' },
    ],
    'no client authentication': ['clientAuth', { clientAuth: 'none' }],
    'a private key without a public one': ['publicKeys', { clientAuth: 'private_key_jwt', publicKeys: '' }],
    'an algorithm that nothing signs with': ['idTokenAlg', { idTokenAlg: 'none' }],
    'no ticket': ['ticket', { ticket: '' }],
    'no reason': ['reason', { reason: '' }],
  }
  for (const [what, [field, change]] of Object.entries(WRONG))
    test(`${what} is named beside its field, and no other field is`, () => {
      assert.deepEqual(Object.keys(problemsOf({ ...OPENID, ...change })), [field])
    })

  test('everything that is missing is named at once', () => {
    assert.deepEqual(Object.keys(problemsOf({})).sort(), [
      'accounts',
      'address',
      'clientAuth',
      'icon',
      'idTokenAlg',
      'name',
      'reason',
      'redirectUris',
      'roleGroups',
      'ticket',
    ])
  })

  test('fields that come twice, or as something else than text, are wrong and not a fault', () => {
    const form = Object.fromEntries(Object.keys(OPENID).map((name) => [name, ['a', 'b']]))
    assert.ok(Object.keys(problemsOf(form)).length > 5)
    assert.deepEqual(typedApplication(form).roleGroups, ['a', 'b'])
    assert.equal(typedApplication(form).name, '')
  })
})
