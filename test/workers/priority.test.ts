// Whose job goes first.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { priorityOf } from '../../workers/priority.ts'

const LAST = 1_000_000

test('the n-th job of one share has place n, so that the single job of another overtakes it', () => {
  assert.ok(priorityOf(null, 1) < priorityOf(null, 2))
  assert.ok(priorityOf('mfa-reset', 1) < priorityOf('mfa-reset', 10_000))
  assert.equal(priorityOf('mfa-reset', 7), priorityOf('lockout', 7))
})

test('links that a person waits for go before every alert, and alerts go before bulk mail', () => {
  assert.ok(priorityOf('password-reset', LAST) < priorityOf('lockout', 1))
  assert.ok(priorityOf('lockout', LAST) < priorityOf('invitation', 1))
  assert.ok(priorityOf('lockout', LAST) < priorityOf('invitation-reminder', 1))
})

test('BullMQ takes every priority from 1 to 2^21', () => {
  for (const kind of [null, 'password-reset', 'lockout', 'invitation', 'of-a-newer-version'])
    for (const position of [1, LAST]) {
      assert.ok(priorityOf(kind, position) >= 1)
      assert.ok(priorityOf(kind, position) <= 2 ** 21)
    }
})
