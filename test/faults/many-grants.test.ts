// An account of many signed-in users is suspended: every grant ends, and others sign in meanwhile.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { type Measured, offer, postForm, summary } from './load.ts'
import { type Product, startProduct } from './product.ts'

const GRANTS = Number(process.env.GRANTS ?? 100_000)
const SIGN_INS_PER_SECOND = Number(process.env.SIGN_INS_PER_SECOND ?? 3)
const BASELINE_MS = 10_000
const DESK = 'desk@platform.example'
const REAL_CLOCK = { now: () => new Date(), advance: () => {} }
/** Longest wait for all sessions to end, for each grant. */
const MS_A_GRANT = 6

let product: Product
let told = 0
const application = createServer((req, res) => {
  req.resume().on('end', () => {
    told += 1
    res.end()
  })
})
before(async () => {
  product = await startProduct({ worker: true })
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  application.close()
  application.closeAllConnections()
  await product?.stop()
})

test(`the suspension of an account ends ${GRANTS} grants, and sign-ins of others go on`, async (t) => {
  const { sql, origins } = product
  const [origin = ''] = origins
  const { port } = application.address() as AddressInfo
  const clientId = await addCrowd(`http://127.0.0.1:${port}/`)
  const agent = await signInAgent(origin)
  const signIn = () =>
    postForm(`${origin}/sign-in`, { email: 'finance@harbour.example', password: DEMO_PASSWORD })
  const without = offer(SIGN_INS_PER_SECOND, signIn)
  await pause(BASELINE_MS)
  const baseline = await without.stop()
  const signIns = offer(SIGN_INS_PER_SECOND, signIn)
  // The load must stop, whatever happens.
  t.after(() => signIns.stop())

  const since = performance.now()
  const suspended = await agent.post(`/clients/${clientId}/suspend`, { reason: 'Test', ticket: 'T-1' })
  const answeredMs = performance.now() - since
  assert.equal(suspended.status, 303)
  await eventually('every session has ended', async () => !(await someOpen()), GRANTS * MS_A_GRANT + 60_000)
  const endedMs = performance.now() - since
  const toldBy = told
  const measured = await signIns.stop()

  t.diagnostic(
    `suspension answered after ${Math.round(answeredMs)} ms, all ended after ${Math.round(endedMs)} ms`,
  )
  t.diagnostic(`${toldBy} told by then`)
  t.diagnostic(`sign-ins before: ${summary(baseline)}, served ${Math.round(100 * served(baseline))} %`)
  t.diagnostic(`sign-ins meanwhile: ${summary(measured)}, served ${Math.round(100 * served(measured))} %`)
  assert.ok(measured.every(({ status }) => status === 303 || status === 503))
  // A machine that is busy with other things refuses some for their time, before as well.
  assert.ok(served(measured) > served(baseline) - 0.1)
  const [{ jobs }] = await sql<[{ jobs: number }]>`
    select count(*)::int as jobs from outbox where job = 'tell-application'`
  assert.equal(jobs, GRANTS)
  await eventually('the application is told meanwhile', () => told > 0)
})

function served(measured: readonly Measured[]): number {
  return measured.filter(({ status }) => status === 303).length / measured.length
}

async function someOpen(): Promise<boolean> {
  const [row] = await product.sql<[{ open: boolean }]>`
    select exists (select from oidc_grants where ended_at is null and session_id is not null) as open`
  return row.open
}

/** An account whose users all have a session and a grant. */
async function addCrowd(uri: string): Promise<string> {
  const { sql } = product
  const [client] = await sql<[{ id: string }]>`insert into clients (name) values ('Crowd') returning id`
  await sql.begin(async (tx) => {
    await tx`set local portcullis.relist = 'by hand'`
    await tx`
      insert into users (client_id, email, name, status, password_hash)
      select ${client.id}, 'crowd' || n || '@crowd.example', 'Crowd ' || n, 'active', 'none' from generate_series(1, ${GRANTS}) n`
    await tx`
      with registered as (
        insert into applications (name, icon, address, way, every_client, back_channel_logout_uri, created_at)
        values ('Crowded', 'dashboard', ${uri}, 'openid-connect', true, ${uri}, now()) returning id
      ), here as (
        insert into sessions (id, user_id, data, created_at, touched_at, expires_at)
        select 's' || id, id, '{}', now(), now(), now() + interval '1 hour' from users where client_id = ${client.id}
        returning id, user_id
      )
      insert into oidc_grants (application_id, user_id, session_id, sid, payload, created_at, expires_at)
      select registered.id, user_id, here.id, here.id, '{}', now(), now() + interval '1 hour' from here, registered`
  })
  await sql`analyze users, sessions, oidc_grants`
  return client.id
}

async function signInAgent(origin: string): Promise<Browser> {
  const agent = new Browser(origin, REAL_CLOCK)
  await agent.signInWithPassword(DESK)
  assert.equal((await agent.enrol()).location, '/mfa/verify')
  // The next code: one step ahead is accepted as drift.
  assert.equal((await agent.verify(agent.code(1))).location, '/')
  return agent
}
