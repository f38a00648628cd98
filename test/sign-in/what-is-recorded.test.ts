// What a sign-in leaves in the audit log, step by step.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { asc, eq } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { startApp, type TestApp } from '../support/app.ts'

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

async function stepsOf(email: string) {
  const rows = await app.deps.db
    .select({ action: auditEvents.action, outcome: auditEvents.outcome, details: auditEvents.details })
    .from(auditEvents)
    .innerJoin(users, eq(users.id, auditEvents.subjectId))
    .where(eq(users.email, email))
    .orderBy(asc(auditEvents.id))
  return rows
    .filter(({ action }) => /^sign-(in|out)|^authenticator/.test(action))
    .map(({ action, outcome, details }) =>
      [action, outcome, details.with ?? details.step ?? null].join(' ').trim(),
    )
}

test('a sign-in with MFA records the password, a wrong code, and that the code completed it', async () => {
  const theo = app.browser()
  await theo.enrolAndSignIn('tech@harbour.example')
  await theo.post('/sign-out')
  await theo.signInWithPassword('tech@harbour.example')
  await theo.verify(theo.wrongCode())
  await theo.verify(theo.nextCode())

  assert.deepEqual(await stepsOf('tech@harbour.example'), [
    'sign-in.password success',
    'authenticator.enrolment-begun success',
    'authenticator.enrolled success',
    'sign-in.completed success code',
    'sign-out success',
    'sign-in.password success',
    'sign-in.code failure verify',
    'sign-in.completed success code',
  ])
})

test('a sign-in without MFA records the password, which completes it', async () => {
  const fay = app.browser()
  await fay.signInWithPassword('finance@harbour.example', 'wrong')
  await fay.signInWithPassword('finance@harbour.example')

  assert.deepEqual(await stepsOf('finance@harbour.example'), [
    'sign-in.password failure',
    'sign-in.password success',
    'sign-in.completed success password',
  ])
})
