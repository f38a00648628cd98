// bull-board on every queue, for operators: what it shows, what it lets them do, and what it does not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eq } from 'drizzle-orm'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { QUEUES } from '../../src/platform/outbox/jobs.ts'
import { SECOND } from '../../src/platform/time/durations.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import type { Answer } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { API, JOBS, OPERATOR, onEachEngine, TECH } from './ops-fixture.ts'

onEachEngine('the queue dashboard', (fixture) => {
  test('an operator sees every queue', async () => {
    const page = await fixture.operator.get('/ops/queues')
    const { queues } = JSON.parse((await fixture.operator.get(API)).body) as { queues: { name: string }[] }

    assert.equal(page.status, 200)
    assert.deepEqual(queues.map(({ name }) => name).sort(), [...QUEUES].sort())
  })

  test('the queue dashboard has its own content security policy, and other pages do not', async () => {
    const board = await fixture.operator.get('/ops/queues')
    const other = await fixture.operator.get('/ops')

    assert.match(board.headers.get('content-security-policy') ?? '', /base-uri 'self'/)
    assert.match(other.headers.get('content-security-policy') ?? '', /base-uri 'none'/)
    assert.doesNotMatch(other.headers.get('content-security-policy') ?? '', /unsafe/)
    assert.equal(board.headers.get('x-powered-by'), null)
    assert.match(board.headers.get('cache-control') ?? '', /no-store/)
  })

  test('a mail that failed is shown, retried, delivered and audited', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    const shown = (await fixture.operator.get('/ops')).body
    assert.match(shown, new RegExp(`data-work="${id}" data-state="failed"`))
    assert.match(shown, /Mail: password-changed/)
    assert.match(shown, /refuses this mail/)

    const answer = await fixture.change(`/notifications/${id}/retry`)
    await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)

    assert.equal(answer.status, 303)
    assert.equal((await fixture.rowOf(id)).failedAt, null)
    assert.ok(fixture.mailServer.received.some(({ to }) => to === TECH))
    const [event] = await fixture.audited('queue.job-retried')
    assert.equal(event?.actorId, await fixture.idOf('operator@platform.example'))
    assert.equal(event?.outcome, 'success')
    assert.deepEqual(event?.details, { queue: 'notifications', job: 'send-notification', jobId: id })
    assert.doesNotMatch((await fixture.operator.get('/ops')).body, new RegExp(id))
  })

  test('a retried job gets all its attempts again', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    await fixture.stopWorker()

    await fixture.change(`/notifications/${id}/retry`)

    const { job } = JSON.parse((await fixture.operator.get(`${API}/notifications/${id}`)).body)
    assert.equal(job.attempts, 0)
    await fixture.startWorker()
    await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)
  })

  test('the board is read-only and offers no retry', async () => {
    const { queues } = JSON.parse((await fixture.operator.get(API)).body) as {
      queues: { name: string; readOnlyMode: boolean; allowRetries: boolean; allowCompletedRetries: boolean }[]
    }

    assert.deepEqual(
      queues.map(({ name, readOnlyMode, allowRetries, allowCompletedRetries }) => [
        name,
        readOnlyMode,
        allowRetries,
        allowCompletedRetries,
      ]),
      QUEUES.map((name) => [name, true, false, false]),
    )
  })

  test('the page of a queue shows its jobs by state, with the changes that their state allows', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    const done = await fixture.queueMail()
    await eventually('it is delivered', async () => (await fixture.rowOf(done)).doneAt)
    const page = async (query: string) => (await fixture.operator.get(`${JOBS}/notifications${query}`)).body
    const changesOf = (body: string, job: string) =>
      ['retry', 'promote', 'remove'].filter((change) => body.includes(`/notifications/${job}/${change}?`))

    const failed = await page('')
    assert.match(failed, new RegExp(`data-job="${id}" data-state="failed"`))
    assert.match(failed, /refuses this mail/)
    assert.doesNotMatch(failed, new RegExp(done))
    assert.deepEqual(changesOf(failed, id), ['retry', 'remove'])
    await eventually(
      'it is completed',
      async () => changesOf(await page('?tab=completed'), done)[0] === 'remove',
    )
    assert.deepEqual(changesOf(await page(`?job=${done}`), done), ['remove'])
    assert.match(await page('?job=x'), /does not have this job/)
    for (const tab of ['delayed', 'waiting', 'active', 'no-such-tab'])
      assert.equal((await fixture.operator.get(`${JOBS}/notifications?tab=${tab}&page=2`)).status, 200)
    for (const path of ['/no-such-queue', '/notifications/x/remove', '/notifications/a%00b/remove'])
      assert.equal((await fixture.operator.get(JOBS + path)).status, 404, path)
    const confirmation = await fixture.operator.get(`${JOBS}/notifications/${id}/remove`)
    assert.match(confirmation.body, /Remove this job\?/)
    assert.equal(
      (await fixture.change(`/notifications/${id}/remove?tab=failed`)).location,
      `${JOBS}/notifications?tab=failed`,
    )
    await fixture.app.deps.db.delete(outbox).where(eq(outbox.id, id))
  })

  test('an engine that dies in the middle of an action is answered as away, and nothing is recorded', {
    skip: fixture.redis === null,
  }, async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    await fixture.stopWorker()

    // The action waits where it records itself; meanwhile the engine dies.
    const { sql } = fixture.app.database
    let asked = Promise.resolve(fixture.operator.last)
    await sql.begin(async (holder) => {
      await holder`lock table audit_events in exclusive mode`
      asked = fixture.change(`/notifications/${id}/retry`)
      await eventually('the action waits', async () => {
        const waiting =
          await sql`select from pg_locks where relation = 'audit_events'::regclass and not granted`
        return waiting.length > 0
      })
      await fixture.redis?.stop()
    })
    const answer = await asked

    assert.equal(answer.status, 503)
    assert.match(answer.body, /cannot be reached/)
    assert.deepEqual(
      (await fixture.audited('queue.job-retried')).filter(({ details }) => details.jobId === id),
      [],
    )
    await fixture.redis?.start()
    await fixture.app.deps.db.delete(outbox).where(eq(outbox.id, id))
    await eventually(
      'the engine is back',
      async () => (await fixture.operator.get('/ops/queues')).status === 200,
    )
  })

  test('queues whose schema was dropped are made anew at the next view', {
    skip: fixture.redis !== null,
  }, async () => {
    assert.equal((await fixture.operator.get('/ops/queues')).status, 200)

    await fixture.app.database.sql`drop schema bullmq cascade`
    await eventually('they are there', async () => (await fixture.operator.get('/ops/queues')).status === 200)

    await fixture.startWorker()
    const id = await fixture.queueMail()
    await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)
  })

  test('all failed jobs of a queue are retried with one request', async () => {
    await fixture.startWorker()
    const ids = [await fixture.failedMail(), await fixture.failedMail()]

    const answer = await fixture.change('/notifications/retry')
    for (const id of ids) await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)

    assert.equal(answer.location, `${JOBS}/notifications?tab=failed`)
    const [event] = await fixture.audited('queue.job-retried')
    assert.deepEqual(event?.details, { queue: 'notifications', jobs: 2 })
  })

  test('of operators who retry the same job at once one succeeds and is recorded', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    await fixture.stopWorker()
    const other = await fixture.anotherOperator()
    const before = await fixture.recorded()

    const single = await Promise.all(
      [fixture.operator, other, fixture.operator, other].map((who) =>
        fixture.change(`/notifications/${id}/retry`, who),
      ),
    )
    const all = await Promise.all(
      [fixture.operator, other].map((who) => fixture.change('/notifications/retry', who)),
    )

    assert.deepEqual(single.map(({ status }) => status).sort(), [303, 409, 409, 409])
    assert.deepEqual(
      all.map(({ status }) => status),
      [303, 303],
    )
    assert.equal((await fixture.recorded()) - before, 1)
    await fixture.startWorker()
    await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)
  })

  test('each of the operators who retry all failed jobs at once is recorded for what they did', async () => {
    await fixture.startWorker()
    const ids = [await fixture.failedMail(), await fixture.failedMail(), await fixture.failedMail()]
    await fixture.stopWorker()
    const other = await fixture.anotherOperator()
    const before = (await fixture.audited('queue.job-retried')).length

    const answers = await Promise.all([
      fixture.change('/notifications/retry'),
      fixture.change('/notifications/retry', other),
      fixture.change(`/notifications/${ids[0]}/retry`, other),
    ])

    assert.deepEqual([303, 303], [answers[0]?.status, answers[1]?.status])
    const events = await fixture.audited('queue.job-retried')
    const recorded = events.slice(0, events.length - before).map(({ details }) => details)
    assert.equal(
      recorded.reduce((sum, { jobs }) => sum + Number(jobs ?? 1), 0),
      3,
    )
    assert.equal(recorded.filter(({ jobId }) => jobId === ids[0]).length, answers[2]?.status === 303 ? 1 : 0)
    await fixture.startWorker()
    for (const id of ids) await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)
  })

  test('of operators who remove the same job at once one succeeds and is recorded', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    const before = (await fixture.audited('queue.job-removed')).length

    const answers = await Promise.all(
      Array.from({ length: 3 }, () => fixture.change(`/notifications/${id}/remove`)),
    )

    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 409, 409])
    assert.equal((await fixture.audited('queue.job-removed')).length - before, 1)
  })

  test('an action that cannot be recorded fails', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    const { sql } = fixture.app.deps
    // Refuses what is recorded when it is about to be committed.
    await sql`create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$`
    await sql`
      create constraint trigger refuse after insert on audit_events deferrable initially deferred
      for each row execute function refuse()`
    try {
      assert.equal((await fixture.change(`/notifications/${id}/retry`)).status, 500)
    } finally {
      await sql`drop trigger refuse on audit_events`
      await sql`drop function refuse`
    }
  })

  test('a failed job is removed, recorded, and still shown as given up', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()

    const answer = await fixture.change(`/notifications/${id}/remove`)

    assert.equal(answer.status, 303)
    assert.equal((await fixture.operator.get(`${API}/notifications/${id}`)).status, 404)
    assert.equal((await fixture.audited('queue.job-removed'))[0]?.details.jobId, id)
    assert.match(
      (await fixture.operator.get('/ops')).body,
      new RegExp(`data-work="${id}" data-state="failed"`),
    )
  })

  test('given-up work is tried again from the outbox, even if its queue has forgotten it', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    await fixture.change(`/notifications/${id}/remove`)

    const answer = await fixture.operator.post('/ops/outbox/retry')
    fixture.app.clock.advance(SECOND)
    await eventually('it is delivered', async () => (await fixture.rowOf(id)).doneAt)

    assert.equal(answer.location, '/ops')
    const [event] = await fixture.audited('queue.failed-work-retried')
    assert.equal(event?.actorId, await fixture.idOf('operator@platform.example'))
  })

  test('a delayed job is promoted, and one that is not delayed is not', async () => {
    await fixture.startWorker()
    const dueAt = new Date(fixture.app.clock.now().getTime() + 3_600_000)
    const payload = { subject: await fixture.idOf(TECH), kind: 'code' }
    const [row] = await fixture.app.deps.db
      .insert(outbox)
      .values({ job: 'end-lockout', payload, dueAt })
      .returning({ id: outbox.id })
    assert.ok(row)
    await eventually(
      'it waits',
      async () => (await fixture.operator.get(`${API}/lockouts/${row.id}`)).status === 200,
    )

    const answer = await fixture.change(`/lockouts/${row.id}/promote`)
    await eventually('it is done', async () => (await fixture.rowOf(row.id)).doneAt)
    const again = await fixture.change(`/lockouts/${row.id}/promote`)

    assert.equal(answer.status, 303)
    assert.equal(again.status, 409)
    assert.equal((await fixture.audited('queue.job-promoted')).length, 1)
  })

  test('an operator who is demoted meanwhile finds nothing to act on and changes nothing', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    await fixture.stopWorker()
    const { sql } = fixture.app.deps
    const userId = await fixture.idOf(OPERATOR)
    const [held] = await sql<{ roleGroupId: string }[]>`
      select role_group_id as "roleGroupId" from memberships where user_id = ${userId}`
    assert.ok(held)
    const before = await fixture.recorded()

    let answers: Promise<Answer[]> = Promise.resolve([])
    await sql.begin(async (demotion) => {
      await demotion`select from users where id = ${userId} for update`
      answers = Promise.all([
        fixture.change(`/notifications/${id}/retry`),
        fixture.change('/notifications/retry'),
        fixture.operator.post('/ops/outbox/retry'),
      ])
      await awaitWaiters(sql)
      await demotion`
        update memberships set role_group_id = (select id from role_groups where key = 'service-desk')
        where user_id = ${userId}`
    })
    const statuses = (await answers).map(({ status }) => status)
    const { body } = await fixture.operator.get(`${API}/notifications/${id}`)
    await sql`update memberships set role_group_id = ${held.roleGroupId} where user_id = ${userId}`

    assert.deepEqual(statuses, [404, 404, 404])
    assert.match(body, /There is nothing here/)
    assert.ok((await fixture.rowOf(id)).failedAt)
    const { status } = JSON.parse((await fixture.operator.get(`${API}/notifications/${id}`)).body)
    assert.equal(status, 'failed')
    const events = await fixture.events()
    assert.deepEqual(
      events
        .slice(0, events.length - before)
        .map(({ action, outcome }) => `${action} ${outcome}`)
        .sort(),
      [
        'access refused',
        'queue.failed-work-retried refused',
        'queue.job-retried refused',
        'queue.job-retried refused',
      ],
    )
  })

  test('the board cannot add, empty, obliterate, pause or rewrite anything', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()
    const forbidden: [string, string][] = [
      ['POST', '/notifications/add'],
      ['PUT', '/notifications/empty'],
      ['PUT', '/notifications/obliterate'],
      ['PUT', '/notifications/pause'],
      ['PUT', '/notifications/resume'],
      ['PUT', '/pause'],
      ['PUT', '/resume'],
      ['PUT', '/notifications/clean/failed'],
      ['PUT', '/notifications/retry/completed'],
      ['PUT', '/notifications/promote'],
      ['PUT', '/notifications/concurrency'],
      ['PUT', '/notifications/rate-limit'],
      ['PUT', '/maintenance/job-schedulers/sweep-expired/remove'],
      ['PUT', '/maintenance/job-schedulers/sweep-expired/run'],
      ['PATCH', '/maintenance/job-schedulers/sweep-expired'],
      ['PATCH', `/notifications/${id}/update-data`],
      ['PATCH', `/notifications/${id}/delay`],
      ['PATCH', `/notifications/${id}/priority`],
      ['PUT', `/notifications/${id}/remove-unprocessed-children`],
      ['DELETE', `/notifications/${id}`],
      ['PUT', '/notifications/retry/failed'],
      ['PUT', `/notifications/${id}/retry`],
      ['PUT', `/notifications/${id}/promote`],
      ['PUT', `/notifications/${id}/clean`],
    ]

    for (const [method, path] of forbidden) {
      const { status } = await fixture.operator.request(method, API + path, {
        headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'send-notification', data: {}, options: {} }),
      })
      assert.equal(status, 403, `${method} ${path}`)
    }

    const { body } = await fixture.operator.get(
      `${API}?activeQueue=notifications&status=failed&page=1&jobsPerPage=10`,
    )
    const queue = (
      JSON.parse(body).queues as { name: string; isPaused: boolean; jobs: { id: string }[] }[]
    ).find(({ name }) => name === 'notifications')
    assert.equal(queue?.isPaused, false)
    assert.ok(queue?.jobs.some((job) => job.id === id))
    await fixture.change(`/notifications/${id}/remove`)
    await fixture.app.deps.db.delete(outbox).where(eq(outbox.id, id))
  })

  test('an address that the board cannot read gets a page of ours', async () => {
    for (const path of ['/ops/queues/%ff', `${API}/%ff`, `${API}/notifications/a%00b`]) {
      const { status, body, headers } = await fixture.operator.get(path)
      assert.equal(status, 404, path)
      assert.match(headers.get('content-security-policy') ?? '', /base-uri 'none'/, path)
      assert.match(body, /There is nothing here/, path)
    }
    for (const path of ['/notifications/a%00b/retry', '/no-such-queue/retry'])
      assert.equal((await fixture.change(path)).status, 404, path)
  })

  test('a cross-site request in an operator’s name is refused', async () => {
    await fixture.startWorker()
    const id = await fixture.failedMail()

    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://elsewhere.example' }, {}]) {
      const { status } = await fixture.operator.request('POST', `${JOBS}/notifications/${id}/retry`, {
        headers,
      })
      assert.equal(status, 403)
    }

    assert.ok((await fixture.rowOf(id)).failedAt)
  })

  test('the next run of the schedule cannot be removed', async () => {
    await fixture.startWorker()
    const delayed = `${API}?activeQueue=maintenance&status=delayed&page=1&jobsPerPage=10`
    const job = await eventually('it is scheduled', async () => {
      const { queues } = JSON.parse((await fixture.operator.get(delayed)).body)
      return queues.find(({ name }: { name: string }) => name === 'maintenance').jobs[0]
    })

    assert.equal((await fixture.change(`/maintenance/${job.id}/remove`)).status, 409)
  })

  test('the dashboard shows ids and no personal data', async () => {
    await fixture.startWorker()
    await fixture.failedMail()
    const seen: string[] = [(await fixture.operator.get('/ops')).body]
    for (const queue of QUEUES) {
      const query = `activeQueue=${queue}&status=latest&page=1&jobsPerPage=100`
      seen.push((await fixture.operator.get(`${API}?${query}`)).body)
    }

    for (const text of seen) {
      const others = text.replaceAll('operator@platform.example', '')
      assert.doesNotMatch(others, /@[a-z-]+\.(harbour\.|meridian\.)?example/)
      assert.doesNotMatch(others, /Harbour|Meridian|Theo|otpauth|\$argon2/)
    }
    const shown = seen.slice(1).flatMap((text) => {
      const { queues } = JSON.parse(text) as { queues: { jobs: { data: Record<string, string> }[] }[] }
      return queues.flatMap(({ jobs }) => jobs.flatMap(({ data }) => Object.values(data)))
    })
    assert.ok(shown.length > 0, 'jobs are shown')
    for (const value of shown) assert.match(value, /^[0-9a-f-]{36}$|^(password|code)$/)
  })
})
