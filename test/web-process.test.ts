// The web process, as it is started in production.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { anyFreePort } from '../src/start/free-port.ts'
import { createTestDatabase, ENCRYPTION_KEYS, type TestDatabase } from './support/cluster.ts'
import { eventually } from './support/eventually.ts'
import { builtModule, startProcess } from './support/processes.ts'

const WEB = builtModule('src/web.js')

let database: TestDatabase
let environment: Record<string, string>
before(async () => {
  database = await createTestDatabase()
  environment = {
    DATABASE_URL: database.url,
    PUBLIC_URL: 'http://localhost:3000',
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'Portcullis <gate@portcullis.test>',
    SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
    ENCRYPTION_KEYS,
  }
})
after(() => database.drop())

/** Starts it with this configuration, with which it must end by itself. Returns what it wrote. */
async function failing(env: Record<string, string>): Promise<string> {
  const web = startProcess(WEB, { ...environment, ...env })
  web.ready.catch(() => {})
  assert.equal(await web.ended, 1)
  return web.output()
}

test('a web process whose port is taken says so and exits', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo

  assert.match(await failing({ PORT: String(port) }), /EADDRINUSE/)

  taken.close()
})

test('one message lists all errors of the configuration', async () => {
  const output = await failing({
    PUBLIC_URL: 'http://dashboard.example',
    SESSION_SECRET: 'short',
    TRUST_PROXY: '10.0.0.0/99',
    LOCKOUT_DURATION: 'soon',
  })

  for (const name of ['PUBLIC_URL', 'SESSION_SECRET', 'TRUST_PROXY', 'LOCKOUT_DURATION'])
    assert.match(output, new RegExp(`^  - ${name} `, 'm'))
  assert.doesNotMatch(output, /\n {4}at /, 'no stack')
})

test('a client that hangs up during a form causes no error of ours', async () => {
  const port = await anyFreePort()
  const web = startProcess(WEB, {
    ...environment,
    PUBLIC_URL: `http://localhost:${port}`,
    PORT: String(port),
    LOG_LEVEL: 'info',
  })
  await web.ready
  const caller = connect(port, '127.0.0.1')
  await once(caller, 'connect')
  caller.write(
    `POST /sign-in HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: http://localhost:${port}\r\n` +
      'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nemail=',
  )
  caller.destroy()
  await eventually('it has noticed', () => web.output().includes('"the client left"'))
  web.kill('SIGTERM')
  assert.equal(await web.ended, 0)
  assert.doesNotMatch(web.output(), /"level":[56]0/)
})
