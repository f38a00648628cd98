// The helper that a page names.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { helperOf } from '../../src/gate/helper-of.ts'

const group = { key: '', name: '', requirement: null, rank: 0, isServiceDesk: false, isOperator: false }

test('an Admin helps a user, and the Service Desk helps an Admin and all users of the platform', () => {
  const user = { clientName: 'Harbour Group', ofPlatform: false, roleGroups: [{ ...group, isAdmin: false }] }
  const admin = {
    clientName: 'Harbour Group',
    ofPlatform: false,
    roleGroups: [
      { ...group, isAdmin: false },
      { ...group, isAdmin: true },
    ],
  }

  assert.equal(helperOf(user), 'an Admin of Harbour Group')
  assert.equal(helperOf(admin), 'the Service Desk')
  assert.equal(helperOf({ ...user, ofPlatform: true }), 'the Service Desk')
})

test('a signed-out user sees both helpers', () => {
  assert.equal(helperOf(null), 'an Admin of your account or, if you are an Admin, the Service Desk')
})
