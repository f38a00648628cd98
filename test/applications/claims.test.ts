import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authenticationClaims, identityClaims } from '../../src/applications/claims.ts'

const passwordAt = Date.parse('2026-03-02T09:00:00.900Z')
const seconds = Math.floor(passwordAt / 1000)

test('a session with a verified code has the assurance of MFA, and its time is that of the code', () => {
  const verified = { at: passwordAt + 30_000, authenticatorId: 'a' }

  assert.deepEqual(authenticationClaims({ passwordAt, verified }), {
    auth_time: seconds + 30,
    amr: ['pwd', 'otp', 'mfa'],
    acr: 'urn:portcullis:mfa',
  })
})

test('a session with a password alone does not have the assurance of MFA', () => {
  assert.deepEqual(authenticationClaims({ passwordAt }), {
    auth_time: seconds,
    amr: ['pwd'],
    acr: 'urn:portcullis:password',
  })
})

test('a step-up renews the time of the authentication', () => {
  assert.equal(authenticationClaims({ passwordAt, presentAt: passwordAt + 60_000 }).auth_time, seconds + 60)
})

test('the identity names the account and the keys of the role groups', () => {
  const finance = {
    key: 'finance-manager',
    name: 'Finance Manager',
    requirement: null,
    rank: 1,
    isAdmin: false,
    isServiceDesk: false,
    isOperator: false,
  }
  const person = {
    name: 'Fiona',
    email: 'fiona@harbour.example',
    roleGroups: [finance],
    clientId: 'c1',
    clientName: 'Harbour Group',
  }

  assert.deepEqual(identityClaims(person), {
    name: 'Fiona',
    email: 'fiona@harbour.example',
    groups: ['finance-manager'],
    account: { id: 'c1', name: 'Harbour Group' },
  })
})
