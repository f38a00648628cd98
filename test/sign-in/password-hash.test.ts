import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline, withDeadline } from '../../src/platform/db/deadline.ts'
import { hashPassword, passwordMatches } from '../../src/sign-in/password-hash.ts'

test('a password is not hashed for a request whose time has passed', async () => {
  const tooLate = new Error('too late')
  const deadline = new Deadline()
  deadline.pass(tooLate)

  await assert.rejects(
    withDeadline(deadline, () => passwordMatches(null, 'a password')),
    tooLate,
  )
  await assert.rejects(
    withDeadline(deadline, () => hashPassword('a password')),
    tooLate,
  )
})

test('a password is hashed for a request that has time', async () => {
  await withDeadline(new Deadline(), async () => {
    const passwordHash = await hashPassword('a password')

    assert.ok(await passwordMatches(passwordHash, 'a password'))
    assert.ok(!(await passwordMatches(passwordHash, 'another password')))
  })
})
