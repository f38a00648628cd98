import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { registerDemoApplication } from '../../src/demo/register-demo-application.ts'
import {
  applicationRoleGroups,
  applicationSecrets,
  applications,
} from '../../src/platform/db/schema/applications.ts'
import { roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { startApp, type TestApp } from '../support/app.ts'

const SECRET = 'the secret of the demo dashboard'

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

const register = (address: string, secret = SECRET) =>
  registerDemoApplication(app.deps.db, { address, secret, now: app.clock.now() })

async function registered(id: string) {
  const [row] = await app.deps.db.select().from(applications).where(eq(applications.id, id))
  assert.ok(row)
  return row
}

const secretsOf = (id: string) =>
  app.deps.db.select().from(applicationSecrets).where(eq(applicationSecrets.applicationId, id))

test('the demo dashboard is registered once, for every role group and with MFA, and follows its address', async () => {
  const id = await register('http://localhost:3100')
  assert.ok(id)
  assert.equal(await register('http://localhost:3107'), id)

  const { db } = app.deps
  assert.equal(await db.$count(applications), 1)
  assert.equal(await db.$count(applicationRoleGroups), await db.$count(roleGroups))
  const row = await registered(id)
  assert.deepEqual([row.everyClient, row.requiresMfa], [true, true])
  assert.equal(row.address, 'http://localhost:3107/')
  assert.deepEqual(row.redirectUris, ['http://localhost:3107/callback'])
  assert.deepEqual(row.postLogoutRedirectUris, ['http://localhost:3107/signed-out'])
  assert.equal(row.backChannelLogoutUri, 'http://localhost:3107/back-channel-logout')
  assert.deepEqual(
    (await secretsOf(id)).map(({ secretHash }) => secretHash),
    [createHash('sha256').update(SECRET).digest()],
  )
})

test('what the Service Desk changed about the demo dashboard stays, and an ended secret stays ended', async () => {
  const id = await register('http://localhost:3100')
  assert.ok(id)
  const { db } = app.deps
  const disabledAt = app.clock.now()
  await db.update(applications).set({ requiresMfa: false, name: 'Renamed', disabledAt })
  await db.update(applicationSecrets).set({ expiresAt: disabledAt })

  await register('http://localhost:3100')

  const row = await registered(id)
  assert.deepEqual([row.requiresMfa, row.name, row.disabledAt], [false, 'Renamed', disabledAt])
  assert.deepEqual(
    (await secretsOf(id)).map(({ expiresAt }) => expiresAt),
    [disabledAt],
  )
})

test('a new secret of the folder is registered beside the one before', async () => {
  const id = await register('http://localhost:3100', 'another secret')
  assert.ok(id)
  assert.equal((await secretsOf(id)).length, 2)
})
