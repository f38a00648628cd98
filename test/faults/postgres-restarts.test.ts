// PostgreSQL killed and restarted under load, with the real web and worker processes: nothing acknowledged is
// lost, nothing is done twice, and the product recovers by itself.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type postgres from 'postgres'
import type { Cluster } from '../../src/start/embedded-postgres.ts'
import { Browser } from '../support/browser.ts'
import { TestClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import type { SmtpServer } from '../support/smtp-server.ts'
import { type Product, startProduct } from './product.ts'

const USERS = 300
const RESTARTS = 5
const RETRY_MS = 50

let product: Product
let cluster: Cluster
let mailServer: SmtpServer
let origin: string
let emails: string[]
let sql: postgres.Sql

before(async () => {
  product = await startProduct({ users: USERS, worker: true })
  ;({ cluster, mailServer, emails, sql } = product)
  origin = product.origins[0] ?? ''
})
after(() => product?.stop())

test('while PostgreSQL is killed five times under load no acknowledged change is lost, every mail is delivered, and refusals are 503 with Retry-After', async (t) => {
  const acknowledged: string[] = []
  const statuses = new Map<number, number>()
  let slowestMs = 0
  let restarting = true
  const queue = [...emails]

  const visitor = async () => {
    const browser = new Browser(origin, new TestClock())
    while (restarting || queue.length > 0) {
      const email = queue.pop()
      if (email === undefined) return
      const since = performance.now()
      const { status, headers } = await browser.post('/forgot-password', { email })
      slowestMs = Math.max(slowestMs, performance.now() - since)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 200) {
        acknowledged.push(email)
        continue
      }
      assert.notEqual(headers.get('retry-after'), null)
      // Refused in an outage: the person tries again, a moment later.
      queue.unshift(email)
      await pause(RETRY_MS)
    }
  }
  const visitors = Promise.all(Array.from({ length: 4 }, visitor))
  for (let restart = 1; restart <= RESTARTS; restart += 1) {
    const goal = acknowledged.length + 20
    await eventually('some requests go through', () => acknowledged.length >= Math.min(goal, emails.length))
    await cluster.stop('immediate')
    await cluster.revive()
  }
  restarting = false
  await visitors

  assert.deepEqual([...new Set(acknowledged)].sort(), [...emails].sort())
  assert.ok(
    [...statuses.keys()].every((status) => status === 200 || status === 503),
    String([...statuses]),
  )
  t.diagnostic(
    `answers by status: ${JSON.stringify([...statuses])}; the slowest took ${Math.round(slowestMs)} ms`,
  )

  await eventually(
    'all pending work is done',
    async () => {
      const [row] = await sql<
        [{ open: number }]
      >`select count(*)::int as open from outbox where done_at is null and (due_at is null or due_at < now())`
      return row.open === 0
    },
    90_000,
  )
  const [pending] = await sql<[{ users: number; unsent: number }]>`
    select count(distinct recipient_id)::int as users, (count(*) filter (where sent_at is null))::int as unsent
    from notifications where kind = 'password-reset'`
  assert.equal(pending.users, emails.length, 'every acknowledged request is in the database')
  assert.equal(pending.unsent, 0)

  // A mail may go out again only if the database died between sending and recording: then under the same id.
  const ids = mailServer.received.map(({ messageId }) => messageId)
  const [sent] = await sql<
    [{ count: number }]
  >`select count(*)::int as count from notifications where sent_at is not null`
  assert.equal(new Set(ids).size, sent.count, 'one Message-ID for each queued mail')
  assert.ok(ids.length - new Set(ids).size <= RESTARTS * 5, 'and repeats only of what was in flight')
})

test('after the kills both processes are alive, and signing in works', async () => {
  const [email = ''] = emails

  const answer = await new Browser(origin, new TestClock()).signInWithPassword(email)

  assert.equal(answer.status, 303, product.processes.map((running) => running.output()).join('\n'))
  assert.equal((await fetch(`${origin}/readyz`)).status, 200)
  for (const running of product.processes)
    assert.equal(await Promise.race([running.ended, Promise.resolve('running')]), 'running')
})
