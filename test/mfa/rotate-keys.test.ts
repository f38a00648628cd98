// Rotating encryption keys: several may be live, and a command seals everything with the newest.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createCipheriv, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { and, desc, eq } from 'drizzle-orm'
import { type EncryptionKey, readEncryptionKeys } from '../../src/config.ts'
import { rotateKeys } from '../../src/mfa/rotate-keys.ts'
import { UnreadableSecretError, unseal } from '../../src/platform/crypto/sealed-secret.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { ENCRYPTION_KEYS as OLD } from '../support/cluster.ts'
import { builtModule } from '../support/processes.ts'

const NEW = `k2:${randomBytes(32).toString('base64')}`
const run = promisify(execFile)

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

const stored = () => app.deps.db.select().from(authenticators).orderBy(desc(authenticators.status))

/** The active one first. */
async function storedSecrets() {
  const rows = await stored()
  return rows.map(({ id, userId, sealedSecret }) => {
    assert.ok(sealedSecret)
    return { of: { authenticatorId: id, userId }, sealedSecret }
  })
}

/** A seal of version 1, which knows the authenticator only, as it was made before 2026-12. */
function sealOfOld(secret: Buffer, authenticatorId: string, { id, key }: EncryptionKey): Buffer {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(`${id}:${authenticatorId}`))
  const body = Buffer.concat([cipher.update(secret), cipher.final()])
  return Buffer.concat([Buffer.of(1, id.length), Buffer.from(id), iv, cipher.getAuthTag(), body])
}

async function runCommand(ENCRYPTION_KEYS: string) {
  const { PATH } = process.env
  const env = { PATH, DATABASE_URL: app.deps.config.DATABASE_URL, ENCRYPTION_KEYS }
  const command = builtModule('src/commands/keys-rotate.js')
  return run(process.execPath, [command], { env }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  )
}

test('every secret is sealed with the newest key, and opens without the old one', async () => {
  const theo = app.browser()
  await theo.enrolAndSignIn('tech@harbour.example')
  await app.browser().signInWithPassword('admin@harbour.example')
  const keys = readEncryptionKeys(`${NEW},${OLD}`)

  const rotation = await rotateKeys(app.deps.db, keys, app.clock.now(), () => {})

  assert.deepEqual(rotation, { resealed: 2, unreadable: [] }, 'a pending one too')
  const [active] = await storedSecrets()
  assert.ok(active)
  assert.deepEqual(unseal(active.sealedSecret, active.of, readEncryptionKeys(NEW)), theo.secret)
  const [event] = await app.deps.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.action, 'encryption-keys.rotated'))
  assert.deepEqual(event?.details, { newestKey: 'k2', resealed: 2, unreadable: 0 })
})

test('a second run has nothing to do and records nothing', async () => {
  const again = await rotateKeys(app.deps.db, readEncryptionKeys(NEW), app.clock.now(), () => {})

  assert.deepEqual(again, { resealed: 0, unreadable: [] })
})

test('the command leaves a secret that no key opens, names it, and exits with 1', async () => {
  const before = await stored()

  const { code, stderr } = await runCommand(`k3:${randomBytes(32).toString('base64')}`)

  assert.equal(code, 1)
  for (const { id } of before)
    assert.match(stderr, new RegExp(`No key opens the secret of authenticator ${id}`))
  assert.deepEqual(await stored(), before)
})

test('a key with the right id and other bytes is detected, and the command exits with 1', async () => {
  const before = await stored()

  const { code, stderr } = await runCommand(`k2:${randomBytes(32).toString('base64')}`)

  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`No key opens the secret of authenticator ${before[0]?.id}`))
  assert.deepEqual(await stored(), before)
  assert.equal((await runCommand(NEW)).code, 0)
})

test('a secret of before 2026-12 opens, is bound to its user by the rotation, and then opens for no other', async () => {
  const keys = readEncryptionKeys(NEW)
  const [newest] = keys
  const [active, pending] = await storedSecrets()
  assert.ok(newest && active && pending)
  const secret = unseal(active.sealedSecret, active.of, keys)
  const old = sealOfOld(secret, active.of.authenticatorId, newest)
  const row = eq(authenticators.id, active.of.authenticatorId)
  await app.deps.db.update(authenticators).set({ sealedSecret: old }).where(row)
  assert.deepEqual(unseal(old, active.of, keys), secret)

  const rotation = await rotateKeys(app.deps.db, keys, app.clock.now(), () => {})

  assert.deepEqual(rotation, { resealed: 1, unreadable: [] })
  const [bound] = await storedSecrets()
  assert.ok(bound)
  assert.deepEqual(unseal(bound.sealedSecret, bound.of, keys), secret)
  const ofAnother = { ...bound.of, userId: pending.of.userId }
  assert.throws(() => unseal(bound.sealedSecret, ofAnother, keys), UnreadableSecretError)
  const calledOld = Buffer.concat([Buffer.of(1), bound.sealedSecret.subarray(1)])
  assert.throws(
    () => unseal(calledOld, bound.of, keys),
    UnreadableSecretError,
    'nor by calling it an old one',
  )
})

test('a secret of before 2026-12 no longer opens once its key is taken out', async () => {
  const [oldKey] = readEncryptionKeys(OLD)
  const [active] = await storedSecrets()
  assert.ok(oldKey && active)
  const old = sealOfOld(Buffer.alloc(20), active.of.authenticatorId, oldKey)

  assert.ok(unseal(old, active.of, readEncryptionKeys(`${NEW},${OLD}`)))
  assert.throws(() => unseal(old, active.of, readEncryptionKeys(NEW)), UnreadableSecretError)
})

test('a damaged secret is reported and does not stop the others', async () => {
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
