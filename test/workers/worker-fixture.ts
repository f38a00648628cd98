// Where the tests of the workers happen: a database with one user, a mail server, and workers with short times.
import { Writable } from 'node:stream'
import { after, afterEach, before, describe } from 'node:test'
import { eq, isNull, sql } from 'drizzle-orm'
import { pino } from 'pino'
import { readWorkerConfig, type WorkerConfig } from '../../src/config.ts'
import { type DatabasePool, openDatabase } from '../../src/platform/db/client.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { describeError } from '../../src/platform/log.ts'
import type { NotificationKind } from '../../src/platform/mail/kinds.ts'
import { notify, type PendingMail } from '../../src/platform/mail/notify.ts'
import {
  type RunningWorker,
  startWorker,
  WORKER_CONNECTIONS,
  type WorkerTimes,
} from '../../workers/start-worker.ts'
import { AUDIT_KEYS, createTestDatabase, ENCRYPTION_KEYS } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { REDIS_AVAILABLE, RedisServer } from '../support/redis-server.ts'
import { SmtpServer } from '../support/smtp-server.ts'
import { SHORT } from './short-times.ts'

export class WorkerFixture {
  readonly mailServer = new SmtpServer()
  readonly redis: RedisServer | undefined
  readonly clock = { now: () => new Date() }
  readonly logged: Record<string, unknown>[] = []
  readonly log = pino(
    { level: 'debug', serializers: { err: describeError } },
    new Writable({
      write: (line, _encoding, done) => {
        this.logged.push(JSON.parse(String(line)))
        done()
      },
    }),
  )
  readonly #workers: RunningWorker[] = []
  #database: (DatabasePool & { url: string; drop(): Promise<void> }) | undefined
  #config: WorkerConfig | undefined
  #userId = ''

  constructor(engine: 'redis' | 'postgres') {
    if (engine === 'redis') this.redis = new RedisServer()
  }

  get db() {
    return present(this.#database).db
  }

  get sql() {
    return present(this.#database).sql
  }

  get config() {
    return present(this.#config)
  }

  get userId() {
    return this.#userId
  }

  /** What a worker process is started with. */
  get environment() {
    return {
      DATABASE_URL: present(this.#database).url,
      REDIS_URL: this.redis?.url,
      SMTP_URL: this.mailServer.url,
      MAIL_FROM: 'Portcullis <gate@portcullis.test>',
      PUBLIC_URL: 'https://gate.portcullis.test',
      SESSION_SECRET: 'a-secret-for-tests-only-that-is-long-enough',
      ENCRYPTION_KEYS,
      AUDIT_KEYS,
    }
  }

  /** What a worker is built from. */
  get deps() {
    return { config: this.config, db: this.db, clock: this.clock, log: this.log }
  }

  async open(): Promise<void> {
    const { url, drop } = await createTestDatabase()
    this.#database = { ...openDatabase(url, 'test-worker', WORKER_CONNECTIONS), url, drop }
    await this.mailServer.start()
    await this.redis?.start()
    this.#config = readWorkerConfig(this.environment)
    const [client] = await this.db.insert(clients).values({ name: 'Harbour Group' }).returning()
    const [user] = await this.db
      .insert(users)
      .values({ clientId: present(client).id, email: 'tess@harbour.example', name: 'Tess Tech' })
      .returning()
    this.#userId = present(user).id
  }

  async close(): Promise<void> {
    this.mailServer.stalling = false
    await this.stopWorkers()
    await this.mailServer.stop()
    await this.redis?.stop()
    await this.#database?.close()
    await this.#database?.drop()
  }

  async startWorker(times: WorkerTimes = {}): Promise<RunningWorker> {
    const worker = await startWorker(this.deps, { ...SHORT, ...times })
    this.#workers.push(worker)
    return worker
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.stop()))
  }

  /** Queues a mail to Tess, as a command would. Returns the ids of the notification and of its outbox row. */
  async queueMail<Kind extends NotificationKind = 'password-changed'>(
    mail: Partial<Pick<PendingMail<Kind>, 'kind' | 'facts'>> = {},
  ): Promise<{ notificationId: string; outboxId: string }> {
    return this.db.transaction(async (tx) => {
      const queued = { to: this.userId, kind: 'password-changed', eventId: null, facts: {}, ...mail }
      await notify(tx, queued as PendingMail<Kind>)
      const [row] = await tx.select().from(outbox).where(sql`xmin = pg_current_xact_id()::xid`)
      return { notificationId: present(row?.payload.notificationId), outboxId: present(row?.id) }
    })
  }

  async rowOf(outboxId: string) {
    const [row] = await this.db.select().from(outbox).where(eq(outbox.id, outboxId))
    return present(row)
  }

  async sentAt(notificationId: string): Promise<Date | null> {
    const [row] = await this.db.select().from(notifications).where(eq(notifications.id, notificationId))
    return present(row).sentAt
  }

  /** Waits until all pending work is done. */
  async allDone(withinMs?: number): Promise<void> {
    await eventually(
      'all pending work is done',
      async () => (await this.db.$count(outbox, isNull(outbox.doneAt)).catch(() => 1)) === 0,
      withinMs,
    )
  }

  mailsAbout(notificationId: string) {
    return this.mailServer.received.filter(({ messageId }) => messageId.includes(notificationId))
  }

  linesSaying(words: string) {
    return this.logged.filter(({ msg }) => String(msg).includes(words))
  }
}

/** Runs tests on both engines, each with a fixture of its own. */
export function onEachEngine(title: string, define: (fixture: WorkerFixture) => void): void {
  for (const engine of ['redis', 'postgres'] as const)
    describe(`${title}, on ${engine}`, { skip: engine === 'redis' && !REDIS_AVAILABLE }, () => {
      const fixture = new WorkerFixture(engine)
      before(() => fixture.open())
      afterEach(() => fixture.stopWorkers())
      after(() => fixture.close())
      define(fixture)
    })
}

export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it should be there')
  return value
}
