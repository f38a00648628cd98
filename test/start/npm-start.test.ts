// npm start as a user runs it, in a folder of its own.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { Sql } from 'postgres'
import { DEMO_PASSWORD } from '../../src/demo/demo-cast.ts'
import { openDatabase } from '../../src/platform/db/client.ts'
import { findRunningCluster } from '../../src/start/embedded-postgres.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { findPostmaster, programOf } from '../../src/start/postmaster.ts'
import { eventually } from '../support/eventually.ts'
import { testFolder } from '../support/run-folder.ts'

const run = promisify(execFile)

interface Start {
  process: ChildProcess
  output: () => string
  ended: Promise<number | null>
}

let dataDir: string
let env: NodeJS.ProcessEnv
let running: Start
let address: string
let inbox: string
let demo: string

/** Starts the product. Through npm it is compiled first, so most tests go past npm. */
function start(
  changes: NodeJS.ProcessEnv = {},
  command = [process.execPath, 'dist/src/start/main.js'],
): Start {
  let output = ''
  const [program = '', ...args] = command
  const child = spawn(program, args, { env: { ...env, ...changes }, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk
    })
  return { process: child, output: () => output, ended: once(child, 'exit').then(([code]) => code) }
}

async function up(started: Start): Promise<Start> {
  await eventually(
    'the banner is shown',
    () => {
      if (started.process.exitCode !== null) throw new Error(`it ended:\n${started.output()}`)
      return started.output().includes('Ctrl-C stops everything.')
    },
    120_000,
  )
  return started
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** Where a person arrives at the gate who opens the demo dashboard. */
async function entranceOf(dashboard: string): Promise<string> {
  const redirect = { redirect: 'manual' } as const
  // 503 until the gate has made its signing keys.
  const authorize = await eventually('the dashboard sends people to the gate', async () =>
    (await fetch(`${dashboard}/sign-in`, redirect)).headers.get('location'),
  )
  const asked = await fetch(authorize, redirect)
  assert.equal(asked.status, 303, await asked.text())
  const interaction = new URL(asked.headers.get('location') ?? '', address)
  const answer = await fetch(interaction, redirect)
  return new URL(answer.headers.get('location') ?? '', address).pathname
}

/** Asks the database in the folder of this start. */
async function ask<Row>(question: (sql: Sql) => Promise<Row[]>): Promise<Row[]> {
  const url = await findRunningCluster(dataDir)
  if (!url) return []
  const pool = openDatabase(url, 'test', 1)
  try {
    return await question(pool.sql)
  } finally {
    await pool.close()
  }
}

before(async () => {
  dataDir = await testFolder()
  const [port, inboxPort, demoPort] = [await anyFreePort(), await anyFreePort(), await anyFreePort()]
  address = `http://localhost:${port}`
  inbox = `http://localhost:${inboxPort}`
  demo = `http://localhost:${demoPort}`
  // As on a bare machine: only the ports and the data folder are given.
  const { PATH, HOME } = process.env
  const ports = { PORT: port, MAIL_CATCHER_PORT: inboxPort, DEMO_APPLICATION_PORT: demoPort }
  env = { PATH, HOME, DATA_DIR: dataDir }
  for (const [name, value] of Object.entries(ports)) env[name] = String(value)
  running = await up(start({}, ['npm', 'start']))
})

after(() => running.process.kill('SIGTERM'))

test('npm start brings everything up and says where, with which users to sign in, and how to stop', async () => {
  for (const part of [address, inbox, demo, dataDir, 'admin@harbour.example', 'demo-password-please-change'])
    assert.ok(running.output().includes(part), `the banner says ${part}`)
  assert.ok(await answers(`${address}/readyz`))
})

test('the demo dashboard sends people to sign in at the gate, which knows it', async () => {
  assert.equal(await entranceOf(demo), '/sign-in')
})

test('no page of another site reads the inbox, neither by CORS nor by DNS rebinding', async () => {
  const ask = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${inbox}/api/email`, { headers })
      sent.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject)
      sent.end()
    })
  const { host, port } = new URL(inbox)

  assert.equal(await ask({}), 200)
  assert.equal(await ask({ host, origin: inbox }), 200)
  assert.equal(await ask({ origin: 'https://evil.example' }), 403)
  assert.equal(await ask({ host: `evil.example:${port}` }), 403)
})

test('the invitation of the demo data arrives in the inbox', async () => {
  const mail = await eventually('the mail arrives', async () => {
    const mails = (await (await fetch(`${inbox}/api/email`)).json()) as {
      to: { address: string }[]
      html: string
    }[]
    return mails.find(({ to }) => to.some((recipient) => recipient.address === 'new.tech@harbour.example'))
  })

  const [link] = new RegExp(`${address}/activate/[A-Za-z0-9_-]+`).exec(mail.html) ?? []
  assert.ok(link, 'it has a link')
  assert.ok(await answers(link))
})

test('the audit log is sealed with a key that npm start makes in the folder', async () => {
  const seals = () => ask((sql) => sql`select from audit_seals`)
  await eventually('events are sealed', async () => (await seals()).length > 0, 90_000)

  const verified = await run(process.execPath, ['dist/src/commands/audit-verify.js'], {
    env: { PATH: env.PATH, DATA_DIR: dataDir },
  })
  assert.match(verified.stdout, /^All \d+ sealed/m)
  assert.match(await readFile(join(dataDir, 'audit-keys'), 'utf8'), /^a1:[A-Za-z0-9+/]{43}=\n$/)
})

test('a second npm start on the same folder says so and stops', async () => {
  const second = start({}, ['npm', 'start'])

  assert.equal(await second.ended, 1)
  assert.match(second.output(), /Another npm start is running on/)
  assert.ok(await answers(`${address}/readyz`))
})

test('npm start names a configured port that is taken and leaves nothing behind', async () => {
  const elsewhere = await testFolder()
  const second = start({ DATA_DIR: elsewhere })

  assert.equal(await second.ended, 1)
  assert.match(second.output(), /PORT=\d+ is taken/)
  assert.equal(await findPostmaster(join(elsewhere, 'postgres')), null)
})

test('npm start explains an invalid configuration without a stack', async () => {
  const second = start({ LOCKOUT_ATTEMPTS: 'many', SESSION_SECRET: 'short' })

  assert.equal(await second.ended, 1)
  assert.match(second.output(), /LOCKOUT_ATTEMPTS must be a whole number/)
  assert.match(second.output(), /SESSION_SECRET each secret must have at least 32 characters/)
  assert.doesNotMatch(second.output(), /\n\s+at /)
})

test('npm start restarts a killed PostgreSQL, and the dashboard recovers', async () => {
  const killed = await findPostmaster(join(dataDir, 'postgres'))
  process.kill(killed?.pid ?? 0, 'SIGKILL')

  await eventually('another server runs', async () => {
    const now = await findPostmaster(join(dataDir, 'postgres'))
    return now !== null && now.pid !== killed?.pid
  })
  await eventually('the dashboard is ready', () => answers(`${address}/readyz`))
})

test('after a kill only the database is left, and the next start takes it over', async () => {
  const secrets = await readFile(join(dataDir, 'encryption-keys'), 'utf8')
  running.process.kill('SIGKILL')
  await running.ended

  demo = `http://localhost:${await anyFreePort()}`
  running = await up(start({ DEMO_APPLICATION_PORT: new URL(demo).port }))

  assert.ok(await answers(`${address}/readyz`))
  assert.equal(await entranceOf(demo), '/sign-in', 'the gate knows the new address of the demo dashboard')
  assert.equal(await readFile(join(dataDir, 'encryption-keys'), 'utf8'), secrets)
  const locks = await ask(
    (sql) => sql`select from pg_stat_activity where application_name = 'portcullis-start'`,
  )
  assert.equal(locks.length, 1)
})

test('npm start stops on SIGTERM and leaves no process behind', async () => {
  const postmaster = await findPostmaster(join(dataDir, 'postgres'))
  running.process.kill('SIGTERM')
  running.process.kill('SIGTERM')

  assert.equal(await running.ended, 0)

  assert.equal(await answers(`${address}/healthz`), false)
  assert.equal(await answers(`${inbox}/api/healthz`), false)
  assert.equal(await answers(`${demo}/signed-out`), false)
  assert.equal(await programOf(postmaster?.pid ?? 0), null)
})

test('a new product that other machines can reach has no demo accounts and says how to begin', async () => {
  const elsewhere = await testFolder()
  const changes = { HOST: '0.0.0.0', DATA_DIR: elsewhere }
  const open = await up(start(changes))

  assert.match(open.output(), /no accounts.*npm run create-platform -- --email E --name N/)
  assert.doesNotMatch(open.output(), /demo-password|admin@harbour\.example|Demo /)
  assert.equal(await answers(`${demo}/signed-out`), false)
  const signIn = await fetch(`${address}/sign-in`, {
    method: 'POST',
    headers: { 'Sec-Fetch-Site': 'same-origin' },
    body: new URLSearchParams({ email: 'desk@platform.example', password: DEMO_PASSWORD }),
    redirect: 'manual',
  })
  assert.equal(signIn.status, 401)

  const agent = ['--email', 'ada@gate.example', '--name', 'Ada Agent']
  await run(process.execPath, ['dist/src/commands/create-platform.js', ...agent], {
    env: { ...env, ...changes },
  })
  await eventually('she is invited by mail', async () =>
    (await (await fetch(`${inbox}/api/email`)).text()).includes('ada@gate.example'),
  )
  open.process.kill('SIGTERM')
  assert.equal(await open.ended, 0)
})

test('demo accounts of an earlier run are not opened to other machines unless DEMO_DATA=on says so', async () => {
  const refused = start({ HOST: '0.0.0.0' })
  assert.equal(await refused.ended, 1)
  assert.match(refused.output(), /This database has demo accounts.*DEMO_DATA=on/)
  assert.doesNotMatch(refused.output(), /\n\s+at /)
  assert.equal(await answers(`${address}/healthz`), false)

  const wanted = await up(start({ HOST: '0.0.0.0', DEMO_DATA: 'on' }))
  assert.ok(wanted.output().includes('admin@harbour.example'))
  wanted.process.kill('SIGTERM')
  assert.equal(await wanted.ended, 0)
})
