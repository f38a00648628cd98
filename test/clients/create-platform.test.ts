// A product that begins without demo data: the platform account and its first agent.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { and, eq } from 'drizzle-orm'
import postgres from 'postgres'
import { linkToken } from '../../src/platform/crypto/link-token.ts'
import { invitations } from '../../src/platform/db/schema/links.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { memberships } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { createTestDatabase, ENCRYPTION_KEYS } from '../support/cluster.ts'
import { builtModule } from '../support/processes.ts'

const COMMAND = builtModule('src/commands/create-platform.js')
const PASSWORD = 'seven green lanterns in fog'
const run = promisify(execFile)

let app: TestApp
before(async () => {
  app = await startApp({}, { demoData: false })
})
after(() => app.close())

function createPlatform(...args: string[]) {
  return createPlatformIn(app.deps.config.DATABASE_URL, ...args)
}

function createPlatformIn(DATABASE_URL: string, ...args: string[]) {
  return run(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL, ENCRYPTION_KEYS },
  })
}

const says = (message: RegExp) => (error: Error & { code?: number; stderr?: string }) => {
  assert.equal(error.code, 1)
  assert.match(error.stderr ?? '', message)
  return true
}

test('create-platform without an address and a name shows its usage and creates nothing', async () => {
  await assert.rejects(
    createPlatform('--email', 'nobody'),
    says(/^Usage: npm run create-platform -- --email/),
  )
  const email = ['--email', 'ada@gate.example']
  await assert.rejects(createPlatform(...email, '--name', '\u2060'), says(/^Usage:/))
  await assert.rejects(createPlatform(...email, '--name', 'Ada', '--account', '\u00ad'), says(/^Usage:/))
  assert.equal(await app.deps.db.$count(users), 0)
})

test('create-platform on a database that was never migrated says what to run', async () => {
  const bare = await createTestDatabase('empty')
  try {
    await dropTables(bare.url)
    await assert.rejects(
      createPlatformIn(bare.url, '--email', 'ada@gate.example', '--name', 'Ada Agent'),
      says(/^This database has no tables of Portcullis yet\. Run: npm run migrate\n$/),
    )
  } finally {
    await bare.drop()
  }
})

async function dropTables(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql`drop schema public cascade`
  await sql`create schema public`
  await sql.end()
}

/** What a person's last invitation is, and its link. */
async function invited(email: string) {
  const [row] = await app.deps.db
    .select({ id: invitations.id, hash: invitations.tokenHash, status: users.status })
    .from(invitations)
    .innerJoin(users, eq(users.id, invitations.userId))
    .where(eq(users.email, email))
  assert.ok(row, email)
  const link = `/activate/${linkToken('invitation', row.id, row.hash, app.deps.config.ENCRYPTION_KEYS)}`
  return { status: row.status, link }
}

test('a first agent whose address was mistyped does not block another', async () => {
  await createPlatform('--email', 'typo@gate.example', '--name', 'Ada Agent', '--account', 'The Gate')
  const { link } = await invited('typo@gate.example')
  const stranger = app.browser()
  await stranger.post(link, { password: PASSWORD })
  assert.equal((await stranger.get('/')).location, '/mfa/enrol')

  await createPlatform('--email', 'eda@gate.example', '--name', 'Ada Agent')

  assert.equal((await stranger.get('/')).location, '/sign-in')
  assert.equal((await app.browser().get(link)).status, 410)
  assert.equal(await app.deps.db.$count(users, eq(users.email, 'typo@gate.example')), 0)
  assert.equal((await app.browser().get((await invited('eda@gate.example')).link)).status, 200)
  const held = await app.deps.db.$count(memberships)
  assert.equal(held, 2, 'one person is Service Desk and Operator')
})

test('the first agent is invited, enrols and is the Service Desk', async () => {
  const { stdout } = await createPlatform(
    '--email',
    'Ada@Gate.example',
    '--name',
    'Ada Agent',
    '--account',
    'The Gate',
  )

  assert.match(
    stdout,
    /^The invitation of eda@gate\.example, .*, is withdrawn\.\nada@gate\.example is invited/,
  )
  const { link, status } = await invited('ada@gate.example')
  assert.equal(status, 'invited')
  const ada = app.browser()
  assert.equal((await ada.get(link)).status, 200)
  await ada.post(link, { password: PASSWORD })
  assert.equal((await ada.get('/service-desk')).location, '/mfa/enrol', 'not without an authenticator')
  await ada.enrol()
  await ada.verify(ada.nextCode())
  assert.equal((await ada.get('/service-desk')).status, 200)
  assert.equal((await ada.get('/ops')).status, 200)
  const created = await ada.post('/clients', {
    name: 'First Customer',
    adminName: 'Carl Customer',
    adminEmail: 'carl@customer.example',
    ticket: 'SD-1',
    reason: 'Contract signed',
  })
  assert.equal(created.status, 303)
})

test('while only one agent exists, create-platform invites the second', async () => {
  const { db } = app.deps
  const [ada] = await db.select().from(users).where(eq(users.email, 'ada@gate.example'))
  assert.ok(ada)
  const older = { clientId: ada.clientId, email: 'older@gate.example', name: 'Olga Older' }
  const [olga] = await db
    .insert(users)
    .values({ ...older, status: 'invited' })
    .returning()
  assert.ok(olga)
  const [{ roleGroupId } = { roleGroupId: '' }] = await db.select().from(memberships)
  // As an older version left them, which did not store who gave a role group.
  await db.insert(memberships).values({ userId: olga.id, roleGroupId })
  await db.insert(invitations).values({
    userId: olga.id,
    clientId: olga.clientId,
    tokenHash: Buffer.alloc(32),
    invitedBy: ada.id,
    expiresAt: new Date(),
  })

  await createPlatform('--email', 'mistyped@gate.example', '--name', 'Bela Second')
  await createPlatform('--email', 'bela@gate.example', '--name', 'Bela Second')

  const statusOf = async (email: string) =>
    (await db.select().from(users).where(eq(users.email, email)))[0]?.status
  assert.equal(await statusOf(older.email), 'invited', 'whom an agent invited stays')
  assert.equal(await statusOf(ada.email), 'active', 'the first stays as she is')
  assert.equal(await app.deps.db.$count(users, eq(users.email, 'mistyped@gate.example')), 0)
  const mails = await app.deps.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.kind, 'administrators-changed'), eq(notifications.recipientId, ada.id)))
  assert.equal(mails.length, 2, 'she is mailed about each')
  const bela = app.browser()
  await bela.post((await invited('bela@gate.example')).link, { password: PASSWORD })
  await bela.enrol()
  await bela.verify(bela.nextCode())
  assert.equal((await bela.get('/service-desk')).status, 200)
})

test('once two agents can approve for each other, create-platform refuses and says who can help', async () => {
  await assert.rejects(
    createPlatform('--email', 'eve@gate.example', '--name', 'Eve Late'),
    says(/There is a platform account already, 'The Gate'/),
  )
  assert.equal(await app.deps.db.$count(users, eq(users.email, 'eve@gate.example')), 0)
})
