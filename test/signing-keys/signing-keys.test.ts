// Signing keys in the database: made once, sealed, rotated on schedule and in an emergency.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { promisify } from 'node:util'
import { desc, eq } from 'drizzle-orm'
import { readEncryptionKeys } from '../../src/config.ts'
import { UnreadableSecretError } from '../../src/platform/crypto/sealed-secret.ts'
import { openDatabase } from '../../src/platform/db/client.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { signingKeys } from '../../src/platform/db/schema/signing-keys.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY, HOUR, MINUTE } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { rotateSigningKeys } from '../../src/signing-keys/rotate-signing-keys.ts'
import { readSigningKeys } from '../../src/signing-keys/signing-keys.queries.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { OPERATOR } from '../support/cast.ts'
import { rowsOf } from '../support/database-contents.ts'
import { eventually } from '../support/eventually.ts'
import { builtModule, startProcess } from '../support/processes.ts'
import { findSecrets } from '../support/secret-search.ts'

const run = promisify(execFile)

let app: TestApp
before(async () => {
  app = await startApp()
})
beforeEach(() => app.deps.db.delete(signingKeys))
after(() => app.close())

const published = () => readSigningKeys(app.deps.db, app.deps.config.ENCRYPTION_KEYS, app.clock.now())
const algsOf = (keys: readonly { alg: string }[]) => keys.map(({ alg }) => alg).sort()

/** Runs a command of the product, as an operator does. */
function command(name: string, args: string[], ENCRYPTION_KEYS: string) {
  const { PATH } = process.env
  const env = { PATH, DATABASE_URL: app.deps.config.DATABASE_URL, ENCRYPTION_KEYS }
  return run(process.execPath, [builtModule(`src/commands/${name}.js`), ...args], { env })
}

const textOf = (keys: ReturnType<typeof readEncryptionKeys>) =>
  keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join()

test('the first keys are one of each algorithm, also if ten connections make them at once', async () => {
  const pools = Array.from({ length: 10 }, () => openDatabase(app.deps.config.DATABASE_URL, 'test-keys', 1))

  await Promise.all(pools.map(({ db }) => ensureSigningKeys({ ...app.deps, db })))

  const keys = await published()
  assert.deepEqual(algsOf(keys), ['EdDSA', 'RS256'])
  assert.deepEqual(
    keys.map(({ privateJwk, kid, alg }) => [privateJwk.kid === kid, privateJwk.alg === alg, privateJwk.use]),
    [
      [true, true, 'sig'],
      [true, true, 'sig'],
    ],
  )
  assert.equal(await app.deps.db.$count(auditEvents, eq(auditEvents.action, 'signing-keys.rotated')), 1)
  await Promise.all(pools.map((pool) => pool.close()))
})

test('two web processes that start at once make one key of each algorithm', async () => {
  const webs = await Promise.all(
    [1, 2].map(async () => {
      const port = await anyFreePort()
      return startProcess(builtModule('src/web.js'), {
        PORT: String(port),
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        DATABASE_URL: app.deps.config.DATABASE_URL,
        SMTP_URL: 'smtp://127.0.0.1:9',
        MAIL_FROM: 'Portcullis <gate@portcullis.test>',
        SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
        ENCRYPTION_KEYS: textOf(app.deps.config.ENCRYPTION_KEYS),
        LOG_LEVEL: 'warn',
      })
    }),
  )
  await Promise.all(webs.map(({ ready }) => ready))

  await eventually('there are keys', async () => (await app.deps.db.$count(signingKeys)) > 0)
  for (const web of webs) web.kill('SIGTERM')
  await Promise.all(webs.map(({ ended }) => ended))

  const rows = await app.deps.db.select().from(signingKeys)
  assert.deepEqual(algsOf(rows), ['EdDSA', 'RS256'], webs.map((web) => web.output()).join())
})

test('no part of a private key stands in the database, and a sealed key opens under no other name', async () => {
  await ensureSigningKeys(app.deps)
  const [one, other] = await published()
  assert.ok(one && other)

  const secrets = [one, other].flatMap(({ privateJwk: { d, p, q } }) =>
    [d, p, q].flatMap((part) =>
      part ? [{ name: 'private key', value: Buffer.from(part, 'base64url') }] : [],
    ),
  )
  assert.deepEqual(findSecrets(secrets, await rowsOf(app.database.sql)), [])
  const [row] = await app.deps.db.select().from(signingKeys).where(eq(signingKeys.kid, one.kid))
  await app.deps.db.update(signingKeys).set({ sealed: row?.sealed }).where(eq(signingKeys.kid, other.kid))
  await assert.rejects(published(), UnreadableSecretError)
})

test('a key is replaced after 90 days: published a day before, gone a day after', async () => {
  await ensureSigningKeys(app.deps)
  const [first] = (await published()).filter(({ alg }) => alg === 'RS256')
  assert.ok(first)
  const signing = async () => (await published()).find(({ alg }) => alg === 'RS256')?.kid
  const kids = async () => (await published()).filter(({ alg }) => alg === 'RS256').map(({ kid }) => kid)

  app.clock.advance(89 * DAY - MINUTE)
  assert.deepEqual((await rotateSigningKeys(app.deps, 'when-due')).create, [])
  app.clock.advance(MINUTE)
  await rotateSigningKeys(app.deps, 'when-due')
  await rotateSigningKeys(app.deps, 'when-due')
  const [, second = ''] = await kids()
  assert.deepEqual(await kids(), [first.kid, second], 'both are published, once')
  assert.equal(await signing(), first.kid)
  app.clock.advance(DAY)
  assert.equal(await signing(), second)
  app.clock.advance(DAY - HOUR)
  assert.deepEqual(await kids(), [second, first.kid])
  app.clock.advance(HOUR)
  assert.deepEqual(await kids(), [second])
})

test('in an emergency new keys sign at once, no other is published, it is recorded and Operators are mailed', async () => {
  await ensureSigningKeys(app.deps)
  const before = (await published()).map(({ kid }) => kid)
  const { id } = await app.userNamed(OPERATOR)
  await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.id, id))

  await rotateSigningKeys(app.deps, 'at-once')

  const keys = await published()
  assert.deepEqual(algsOf(keys), ['EdDSA', 'RS256'])
  for (const { kid, signsFrom } of keys) {
    assert.ok(!before.includes(kid))
    assert.ok(signsFrom <= app.clock.now())
  }
  const [event] = await app.deps.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.action, 'signing-keys.rotated'))
    .orderBy(desc(auditEvents.id))
  assert.equal(event?.details.mode, 'at-once')
  assert.deepEqual([...(event.details.leaving as string[])].sort(), before.sort())
  const mails = await app.deps.db
    .select()
    .from(notifications)
    .where(eq(notifications.kind, 'signing-keys-replaced'))
  assert.deepEqual(
    mails.map(({ recipientId }) => recipientId),
    [id],
  )
})

test('the command publishes new keys a day before they sign, and with --emergency at once', async () => {
  const keysOfNow = textOf(app.deps.config.ENCRYPTION_KEYS)
  // The command has the real clock.
  const now = () => readSigningKeys(app.deps.db, app.deps.config.ENCRYPTION_KEYS, new Date())
  await ensureSigningKeys({ ...app.deps, clock: { now: () => new Date(Date.now() - DAY) } })
  const [first] = await now()

  const { stdout } = await command('keys-rotate-signing', [], keysOfNow)
  const again = await command('keys-rotate-signing', [], keysOfNow)

  assert.match(stdout, /A new RS256 key is published\. It signs from 20/)
  assert.match(again.stdout, /New keys are published already/)
  assert.equal((await now()).length, 4)
  assert.equal((await now())[0]?.kid, first?.kid)
  const emergency = await command('keys-rotate-signing', ['--emergency'], keysOfNow)
  assert.match(emergency.stdout, /restart them/)
  assert.equal((await now()).length, 2)
  assert.ok(!(await now()).some(({ kid }) => kid === first?.kid))
  await assert.rejects(command('keys-rotate-signing', ['--force'], keysOfNow), /Usage/)
})

test('rotating encryption keys takes signing keys over to the newest one, and names those that do not open', async () => {
  await ensureSigningKeys(app.deps)
  const [first] = await published()
  const old = textOf(app.deps.config.ENCRYPTION_KEYS)
  const newest = `k9:${randomBytes(32).toString('base64')}`

  const { stdout } = await command('keys-rotate', [], `${newest},${old}`)

  assert.match(stdout, /2 signing keys were sealed anew with key 'k9'/)
  const [read] = await readSigningKeys(app.deps.db, readEncryptionKeys(newest), app.clock.now())
  assert.deepEqual(read?.privateJwk, first?.privateJwk)
  await assert.rejects(published(), UnreadableSecretError)
  await assert.rejects(
    command('keys-rotate', [], old),
    new RegExp(`No key opens the signing key ${first?.kid}`),
  )
})
