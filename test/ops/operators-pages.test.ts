// /ops and the pages below it: only for operators with a code.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { subjectOfUnknown } from '../../src/lockout/lockouts.queries.ts'
import { ageText } from '../../src/platform/time/duration-text.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { type Answer, type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { builtModule } from '../support/processes.ts'
import { REDIS_AVAILABLE, type RedisServer } from '../support/redis-server.ts'
import { API, OPERATOR, OpsFixture, TECH, TOKEN } from './ops-fixture.ts'

const run = promisify(execFile)

const PAGES = [
  '/ops',
  '/ops/metrics',
  '/ops/jobs/notifications',
  '/ops/queues',
  '/ops/queues/queue/notifications',
  API,
]
const NOBODY = 'nobody@harbour.example'
const BEARER = { authorization: `Bearer ${TOKEN}` }

describe('the operators’ pages', () => {
  const fixture = new OpsFixture('postgres')
  let boardScript = ''
  before(async () => {
    await fixture.open()
    boardScript = `/ops/queues/${/static\/js\/main[^"]+/.exec((await fixture.operator.get('/ops/queues')).body)}`
  })
  after(() => fixture.close())

  async function each(browser: Browser, check: (answer: Answer, path: string) => void): Promise<void> {
    for (const path of [...PAGES, boardScript]) check(await browser.get(path), path)
    for (const path of [
      '/ops/jobs/notifications/x/retry',
      '/ops/queues/api/queues/notifications/obliterate',
      '/ops/outbox/retry',
    ])
      check(await browser.post(path), path)
  }

  test('an operator with a code sees all operators’ pages', async () => {
    for (const path of [...PAGES, boardScript])
      assert.equal((await fixture.operator.get(path)).status, 200, path)
    assert.equal((await fixture.operator.get('/')).location, '/ops')
  })

  test('an operator without an accepted code is held at the code', async () => {
    const halfway = fixture.app.browser()
    assert.equal((await halfway.signInWithPassword(OPERATOR)).location, '/mfa/verify')

    await each(halfway, ({ status, location }, path) => {
      assert.deepEqual([status, location], [303, '/mfa/verify'], path)
    })
  })

  test('a signed-out browser is sent to sign in', async () => {
    await each(fixture.app.browser(), ({ status, location }, path) => {
      assert.equal(status, 303, path)
      assert.match(location ?? '', /^\/sign-in/, path)
    })
  })

  for (const email of ['desk@platform.example', 'admin@harbour.example', TECH, 'finance@harbour.example'])
    test(`for ${email} the operators’ pages do not exist`, async () => {
      const browser = fixture.app.browser()
      if (email.startsWith('finance')) assert.equal((await browser.signInWithPassword(email)).location, '/')
      else await browser.enrolAndSignIn(email)
      const nowhere = await browser.get('/no-such-page')

      await each(browser, (answer, path) => {
        assert.equal(answer.status, 404, path)
        assert.equal(withoutId(answer.body), withoutId(nowhere.body), path)
      })
      assert.doesNotMatch((await browser.get('/')).body, /href="\/ops/)
    })

  test('/ops shows the outbox, undelivered mail and locks by numbers and ids', async () => {
    const id = await fixture.queueMail()
    const guesser = fixture.app.browser()
    for (const email of [TECH, NOBODY])
      for (let i = 0; i < 5; i += 1) await guesser.post('/sign-in', { email, password: `${DEMO_PASSWORD}?` })

    const { body } = await fixture.operator.get('/ops')

    assert.match(body, new RegExp(`data-work="${id}" data-state="undispatched"`))
    assert.match(body, /data-count="password-locks">2</)
    const whose = (subject: string) =>
      new RegExp(`data-lock="${subject}".*?class="note">([^<]+)<`, 's').exec(body)?.[1]
    assert.equal(whose(await fixture.idOf(TECH)), 'User')
    assert.equal(whose(subjectOfUnknown(NOBODY)), 'E-mail address that no one has')
    assert.match(body, /data-queue="notifications"/)
    assert.match(body, /data-count="unsealed">[1-9]/)
    assert.doesNotMatch(body, /harbour/i)
  })

  test('polling does not extend the session', async () => {
    const watcher = fixture.app.browser()
    await watcher.signIn.call(Object.assign(watcher, { secret: fixture.operator.secret }), OPERATOR)

    for (let minutes = 0; minutes < 32; minutes += 4) {
      fixture.app.clock.advance(4 * MINUTE)
      await watcher.get('/ops', { 'hx-request': 'true' })
      await watcher.get(API)
    }

    assert.match((await watcher.get('/ops')).location ?? '', /^\/sign-in/)
    await fixture.operator.signIn(OPERATOR)
  })

  test('a scraper reads the metrics with its token alone', async () => {
    const { status, headers, body } = await fixture.app.browser().get('/ops/metrics', BEARER)

    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.equal(headers.get('set-cookie'), null)
    for (const line of [
      /^process_cpu_seconds_total /m,
      /^http_request_duration_seconds_bucket\{.*route="\/ops".*\} \d/m,
      /^portcullis_queues_up 1$/m,
      /^portcullis_queue_jobs\{queue="notifications",state="waiting"\} 0$/m,
      /^portcullis_database_up 1$/m,
      /^portcullis_outbox_undispatched_jobs [1-9]/m,
      /^portcullis_outbox_lag_seconds \d/m,
      /^portcullis_outbox_oldest_pending_seconds (?!0$)\d/m,
      /^portcullis_relays_listening 0$/m,
      /^portcullis_undelivered_mails [1-9]/m,
      /^portcullis_audit_unsealed_events [1-9]/m,
      /^portcullis_locks_in_force\{kind="password"\} \d/m,
    ])
      assert.match(body, line)
    assert.doesNotMatch(body, /@|harbour|[0-9a-f]{8}-[0-9a-f]{4}-/i)
  })

  test('a wrong token opens nothing, and the right one opens nothing else', async () => {
    for (const wrong of [`${TOKEN}x`, TOKEN.slice(0, -1), TOKEN.toUpperCase(), 'x'])
      assert.equal(
        (await fixture.app.browser().get('/ops/metrics', { authorization: `Bearer ${wrong}` })).status,
        401,
      )
    for (const authorization of ['Bearer', 'Bearer ', `Basic ${TOKEN}`, TOKEN])
      assert.equal((await fixture.app.browser().get('/ops/metrics', { authorization })).status, 303)
    for (const path of [
      '/ops',
      '/ops/jobs/notifications',
      '/ops/queues',
      API,
      '/',
      '/ops/metrics/',
      '/OPS/metrics',
    ])
      assert.equal((await fixture.app.browser().get(path, BEARER)).status, 303, path)
    assert.equal((await fixture.app.browser().get(`/ops/metrics?token=${TOKEN}`)).status, 303)
  })

  test('a back-up that its script has marked shows on /ops and in the metrics, and a missing one as late', async () => {
    const shown = async () => {
      const { body } = await fixture.operator.get('/ops')
      const metrics = (await fixture.app.browser().get('/ops/metrics', BEARER)).body
      const [, state] = /data-backup="([a-z]+)"/.exec(body) ?? []
      const [, seconds] = /^portcullis_last_backup_timestamp_seconds (\d.*)$/m.exec(metrics) ?? []
      return { state, seconds: seconds === undefined ? null : Number(seconds) }
    }
    assert.deepEqual(await shown(), { state: 'late', seconds: null })

    const { PATH } = process.env
    const env = { PATH, DATABASE_URL: fixture.app.deps.config.DATABASE_URL }
    const { stdout } = await run(process.execPath, [builtModule('src/commands/mark-backup.js')], { env })

    assert.match(stdout, /marked as completed at \d{4}-/)
    const { seconds } = await shown()
    assert.ok(seconds !== null && Math.abs(seconds * SECOND - Date.now()) < 10 * MINUTE)
    await fixture.app.deps.sql`update backup_marks set at = ${fixture.app.clock.now().toISOString()}`
    assert.equal((await shown()).state, 'fresh')
    await fixture.app.deps.sql`update backup_marks set at = at - interval '27 hours'`
    assert.equal((await shown()).state, 'late')
  })

  test('/ops has charts of the last hour and day, and says what they show without a sign-in', async () => {
    const { body } = await fixture.operator.get('/ops')

    for (const chart of ['hour-completed', 'hour-failed', 'day-completed', 'day-failed'])
      assert.match(body, new RegExp(`data-chart="${chart}"`))
    assert.match(body, /No one signed in\./)
  })

  test('/ops shows the outbox while the queues in PostgreSQL are dropped, and the queues come back', async () => {
    const id = await fixture.queueMail()
    await fixture.app.deps.sql`drop schema bullmq cascade`

    const { status, body } = await fixture.operator.get('/ops')

    assert.equal(status, 200)
    assert.match(body, new RegExp(`data-work="${id}"`))
    assert.equal((await fixture.operator.get('/ops/queues')).status, 200)
  })

  test('/ops, the metrics and /readyz say that no worker listens for new work', async () => {
    const reports = async () => {
      const page = (await fixture.operator.get('/ops')).body
      const metrics = (await fixture.app.browser().get('/ops/metrics', BEARER)).body
      const ready = await fixture.app.browser().get('/readyz')
      assert.equal(ready.status, 200)
      return [
        page.includes('data-listeners="none"'),
        /^portcullis_relays_listening 0$/m.test(metrics),
        JSON.parse(ready.body).relayListening === false,
      ]
    }
    assert.deepEqual(await reports(), [true, true, true])

    await fixture.startWorker()
    await eventually('it listens', async () => !(await reports()).includes(true))
    await fixture.stopWorker()
    await eventually('it is gone', async () => !(await reports()).includes(false))
  })

  test('ages are written in words', () => {
    assert.equal(ageText(-5), '0 seconds')
    assert.equal(ageText(1 * SECOND), '1 second')
    assert.equal(ageText(59 * SECOND), '59 seconds')
    assert.equal(ageText(90 * MINUTE), '1 hour 30 minutes')
  })
})

describe('the queue engine while it is away', { skip: !REDIS_AVAILABLE }, () => {
  const fixture = new OpsFixture('redis')
  before(() => fixture.open())
  after(() => fixture.close())

  async function checkAway(id: string): Promise<void> {
    const page = await fixture.operator.get('/ops')
    const board = await fixture.operator.get('/ops/queues')
    const metrics = await fixture.app.browser().get('/ops/metrics', BEARER)

    assert.equal(page.status, 200)
    assert.match(page.body, /data-queues="away"/)
    assert.match(page.body, new RegExp(`data-work="${id}"`))
    assert.equal(board.status, 503)
    assert.match(board.body, /cannot be reached/)
    assert.equal((await fixture.operator.get('/ops/jobs/notifications')).status, 503)
    assert.equal(metrics.status, 200)
    assert.match(metrics.body, /^portcullis_queues_up 0$/m)
    assert.doesNotMatch(metrics.body, /^portcullis_queue_jobs\{/m)
    assert.match(metrics.body, /^portcullis_outbox_undispatched_jobs [1-9]/m)
  }

  test('/ops shows what PostgreSQL knows whether Redis is gone or hangs', async () => {
    const id = await fixture.queueMail()
    await fixture.redis?.stop()
    await checkAway(id)

    await fixture.redis?.start()
    assert.match((await fixture.operator.get('/ops')).body, /data-queue="notifications"/)
    fixture.redis?.freeze()
    await checkAway(id)
    const { status, body } = await fixture.operator.get(API)
    assert.equal(status, 503)
    assert.match(body, /cannot be reached/, 'it did not wait until no answer came in time')
    fixture.redis?.thaw()
  })

  for (const [how, goAway] of [
    ['gone', (redis: RedisServer) => redis.stop()],
    ['hanging', (redis: RedisServer) => redis.freeze()],
  ] as const)
    test(`the application can be stopped while Redis is ${how}`, async () => {
      const other = new OpsFixture('redis')
      await other.open()
      await other.operator.get('/ops')
      assert.ok(other.redis)
      await goAway(other.redis)

      await assert.doesNotReject(other.close())
    })
})

function withoutId(html: string): string {
  return html.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
}
