// The real application on a real database of its own, listening on a port of its own.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import type { DestinationStream } from 'pino'
import { createApp } from '../../src/app.ts'
import { readWorkerConfig, type WorkerConfig } from '../../src/config.ts'
import type { Deps } from '../../src/deps.ts'
import { type DatabasePool, openDatabase } from '../../src/platform/db/client.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { createHttpServer, listenerOf } from '../../src/platform/http/http-server.ts'
import { createLog } from '../../src/platform/log.ts'
import { openQueueEngine } from '../../src/platform/outbox/queues.ts'
import { Browser } from './browser.ts'
import { TestClock } from './clock.ts'
import { AUDIT_KEYS, createTestDatabase, ENCRYPTION_KEYS } from './cluster.ts'
import { ExactBrowser } from './exact-browser.ts'

export interface TestApp {
  origin: string
  clock: TestClock
  deps: Deps & { config: WorkerConfig }
  database: DatabasePool
  /** A new browser without cookies. */
  browser(): Browser
  userNamed(email: string): Promise<typeof users.$inferSelect>
  close(): Promise<void>
}

interface AppUnderTest {
  demoData?: boolean
  log?: DestinationStream
  /** The requests of its browsers come from a proxy that terminates TLS. Needs TRUST_PROXY. */
  behindTls?: boolean
}

/**
 * Starts the application, by default with the demo cast. `env` changes its configuration; `log` takes its
 * log lines.
 */
export async function startApp(
  env: Record<string, string> = {},
  { demoData = true, log, behindTls = false }: AppUnderTest = {},
): Promise<TestApp> {
  const testDatabase = await createTestDatabase(demoData ? 'demo' : 'empty')
  const clock = new TestClock()
  const server = createHttpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`

  const config = readWorkerConfig({
    DATABASE_URL: testDatabase.url,
    PUBLIC_URL: origin,
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'Portcullis <gate@portcullis.test>',
    SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
    ENCRYPTION_KEYS,
    AUDIT_KEYS,
    // No test depends on how fast the machine is, unless it says so.
    ANSWER_WITHIN: '30s',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    ...env,
  })
  const requestMs = config.ANSWER_WITHIN
  const database = openDatabase(testDatabase.url, 'test-web', 10, { requestMs })
  const gate = openDatabase(testDatabase.url, 'test-web-gate', 2, { requestMs, pipelined: 32 })
  const deps = {
    config,
    db: database.db,
    gateDb: gate.db,
    sql: database.sql,
    ask: database.ask,
    refusesWrites: database.refusesWrites,
    poolUse: { main: database.use, gate: gate.use },
    clock,
    log: createLog('test', config.LOG_LEVEL, log),
  }
  const queues = openQueueEngine(config, deps.log)
  server.on('request', listenerOf(createApp(deps, { queues })))
  return {
    origin,
    clock,
    deps,
    database,
    browser: () => (behindTls ? browserBehindTls(origin, clock) : new Browser(origin, clock)),
    userNamed: async (email) => {
      const [user] = await database.db.select().from(users).where(eq(users.email, email))
      assert.ok(user, email)
      return user
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      await queues.close()
      await gate.close()
      await database.close()
      await testDatabase.drop()
    },
  }
}

function browserBehindTls(origin: string, clock: TestClock): Browser {
  return new ExactBrowser(origin, clock, { 'x-forwarded-proto': 'https' })
}
