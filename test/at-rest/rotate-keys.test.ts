// Rotating encryption keys: several may be live, and a command seals everything with the newest.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { and, eq } from 'drizzle-orm'
import { rotateKeys } from '../../src/at-rest/rotate-keys.ts'
import { sealedWith, unseal } from '../../src/at-rest/sealed-secret.ts'
import { readEncryptionKeys } from '../../src/config.ts'
import { auditEvents } from '../../src/db/schema/audit-events.ts'
import { authenticators } from '../../src/db/schema/authenticators.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { ENCRYPTION_KEYS as OLD } from '../support/cluster.ts'

const NEW = `k2:${randomBytes(32).toString('base64')}`
const run = promisify(execFile)

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

const stored = () => app.deps.db.select().from(authenticators)

test('every secret is sealed with the newest key, and opens without the old one', async () => {
  const theo = app.browser()
  await theo.enrolAndSignIn('tech@harbour.example')
  await app.browser().signInWithPassword('admin@harbour.example')
  const keys = readEncryptionKeys(`${NEW},${OLD}`)

  const rotation = await rotateKeys(app.deps.db, keys, app.clock.now(), () => {})

  assert.deepEqual(rotation, { resealed: 1, unreadable: [] })
  const [row] = await stored()
  assert.ok(row?.sealedSecret)
  assert.equal(sealedWith(row.sealedSecret), 'k2')
  assert.deepEqual(unseal(row.sealedSecret, row.id, readEncryptionKeys(NEW)), theo.secret)
  const [event] = await app.deps.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.action, 'encryption-keys.rotated'))
  assert.deepEqual(event?.details, { newestKey: 'k2', resealed: 1, unreadable: 0 })
})

test('a second run has nothing to do and records nothing', async () => {
  const again = await rotateKeys(app.deps.db, readEncryptionKeys(NEW), app.clock.now(), () => {})

  assert.deepEqual(again, { resealed: 0, unreadable: [] })
})

test('the command leaves alone what no key opens, says which, and ends with 1', async () => {
  const [row] = await stored()
  assert.ok(row)
  const command = run(
    process.execPath,
    [fileURLToPath(new URL('../../src/at-rest/rotate-command.js', import.meta.url))],
    {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: app.deps.config.DATABASE_URL,
        ENCRYPTION_KEYS: `k3:${randomBytes(32).toString('base64')}`,
      },
    },
  )

  await assert.rejects(command, (error: Error & { code?: number; stderr?: string }) => {
    assert.equal(error.code, 1)
    assert.match(error.stderr ?? '', new RegExp(`No key opens the secret of authenticator ${row.id}`))
    return true
  })
  assert.deepEqual((await stored())[0]?.sealedSecret, row.sealedSecret)
})

test('a damaged secret is told of and holds up no other', async () => {
  const [row] = await stored()
  assert.ok(row)
  const { id, sealedSecret } = row
  const damaged = and(eq(authenticators.id, id), eq(authenticators.status, 'active'))
  await app.deps.db
    .update(authenticators)
    .set({ sealedSecret: Buffer.of(9) })
    .where(damaged)

  const rotation = await rotateKeys(app.deps.db, readEncryptionKeys(NEW), app.clock.now(), () => {})

  assert.deepEqual(rotation, { resealed: 0, unreadable: [id] })
  await app.deps.db.update(authenticators).set({ sealedSecret }).where(damaged)
})
