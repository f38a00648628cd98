// The application, a worker, a mail server and an operator who watches them.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe } from 'node:test'
import { desc, eq } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { notify } from '../../src/platform/mail/notify.ts'
import { type RunningWorker, startWorker } from '../../workers/start-worker.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { REDIS_AVAILABLE, RedisServer } from '../support/redis-server.ts'
import { SmtpServer } from '../support/smtp-server.ts'
import { SHORT } from '../workers/short-times.ts'

export const OPERATOR = 'operator@platform.example'
const AGENT = 'desk2@platform.example'
export const TECH = 'tech@harbour.example'
export const TOKEN = 'a-token-for-the-scraper-only'

export class OpsFixture {
  readonly redis: RedisServer | null
  readonly mailServer = new SmtpServer()
  #app: TestApp | undefined
  #operator: Browser | undefined
  #other: Browser | undefined
  #worker: RunningWorker | null = null

  constructor(engine: 'redis' | 'postgres') {
    this.redis = engine === 'redis' ? new RedisServer() : null
  }

  get app(): TestApp {
    assert.ok(this.#app)
    return this.#app
  }

  /** Signed in, with a code. */
  get operator(): Browser {
    assert.ok(this.#operator)
    return this.#operator
  }

  async open(): Promise<void> {
    await this.mailServer.start()
    await this.redis?.start()
    this.#app = await startApp({
      SMTP_URL: this.mailServer.url,
      OPS_METRICS_TOKEN: TOKEN,
      ...(this.redis && { REDIS_URL: this.redis.url }),
    })
    this.#operator = this.app.browser()
    assert.equal((await this.operator.enrolAndSignIn(OPERATOR)).location, '/')
    // BullMQ creates its tables at the first use, which can take longer than a page waits for it.
    await eventually('BullMQ is ready', async () => (await this.operator.get('/ops/queues')).status === 200)
  }

  async close(): Promise<void> {
    await this.stopWorker()
    await this.app.close()
    await this.redis?.stop()
    await this.mailServer.stop()
  }

  /** An agent of the Service Desk who is an operator as well. */
  async anotherOperator(): Promise<Browser> {
    if (this.#other) return this.#other
    const { sql } = this.app.deps
    await sql`
      insert into memberships (user_id, role_group_id)
      select ${await this.idOf(AGENT)}, id from role_groups where is_operator`
    this.#other = this.app.browser()
    assert.equal((await this.#other.enrolAndSignIn(AGENT)).location, '/')
    return this.#other
  }

  async startWorker(): Promise<void> {
    this.#worker = await startWorker(this.app.deps, SHORT)
  }

  async stopWorker(): Promise<void> {
    await this.#worker?.stop()
    this.#worker = null
  }

  async idOf(email: string): Promise<string> {
    const [user] = await this.app.deps.db.select().from(users).where(eq(users.email, email))
    assert.ok(user)
    return user.id
  }

  /** Queues a mail to the Tech Operator. Returns the id of its outbox row, which is the job's. */
  async queueMail(): Promise<string> {
    const to = await this.idOf(TECH)
    const { db } = this.app.deps
    await db.transaction((tx) => notify(tx, { to, kind: 'password-changed', eventId: null, facts: {} }))
    const [row] = await db.select({ id: outbox.id }).from(outbox).orderBy(desc(outbox.id)).limit(1)
    assert.ok(row)
    return row.id
  }

  /** A mail to the Tech Operator that the mail server has refused for good. Their mailbox is fine again after. */
  async failedMail(): Promise<string> {
    this.mailServer.refused.add(TECH)
    const id = await this.queueMail()
    await eventually('it is given up', async () => (await this.rowOf(id)).failedAt)
    await eventually('its queue has it as failed', async () => {
      const { body } = await this.operator.get(`${API}/notifications/${id}`)
      return JSON.parse(body).status === 'failed'
    })
    this.mailServer.refused.clear()
    return id
  }

  async rowOf(id: string) {
    const [row] = await this.app.deps.db.select().from(outbox).where(eq(outbox.id, id))
    assert.ok(row)
    return row
  }

  mailsSent(): Promise<number> {
    return this.app.deps.db.$count(notifications, eq(notifications.kind, 'password-changed'))
  }

  /** What the audit log has of an action, newest first. */
  audited(action: string) {
    return this.app.deps.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.action, action))
      .orderBy(desc(auditEvents.id))
  }

  /** The newest first. */
  events() {
    return this.app.deps.db.select().from(auditEvents).orderBy(desc(auditEvents.id))
  }

  /** How many events the audit log has. */
  recorded(): Promise<number> {
    return this.app.deps.db.$count(auditEvents)
  }

  /** Retries, promotes or removes jobs as the operators' pages do. */
  change(path: string, browser = this.operator): Promise<Answer> {
    return browser.post(`${JOBS}${path}`)
  }
}

/** Of the board, to read only. */
export const API = '/ops/queues/api/queues'
export const JOBS = '/ops/jobs'

/** Runs tests on both engines, each with a fixture of its own. */
export function onEachEngine(title: string, define: (fixture: OpsFixture) => void): void {
  for (const engine of ['redis', 'postgres'] as const)
    describe(`${title}, on ${engine}`, { skip: engine === 'redis' && !REDIS_AVAILABLE }, () => {
      const fixture = new OpsFixture(engine)
      before(() => fixture.open())
      afterEach(() => fixture.stopWorker())
      after(() => fixture.close())
      define(fixture)
    })
}
