// Each code is sent many times in parallel to two web processes, from two browsers: it is accepted once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pLimit from 'p-limit'
import { timeStep } from '../../src/mfa/totp.ts'
import { Browser } from '../support/browser.ts'
import { judged } from '../support/judged.ts'
import { base32Decode, totp } from '../support/rfc6238.ts'
import { postForm } from './load.ts'
import { type Product, startProduct } from './product.ts'
import { REAL_CLOCK } from './visit.ts'

const REPLAYS = Number(process.env.REPLAYS ?? 10_000)
const SENDERS = 20
const CODES = 2
const USERS = Math.ceil(REPLAYS / SENDERS / CODES)
/** More would wait for each other longer than the product lets a request wait. */
const USERS_AT_ONCE = 2
const STEP_MS = 30_000

let product: Product
before(async () => {
  product = await startProduct({ users: USERS, enrolled: USERS, webs: 2 })
})
after(() => product?.stop())

test(`of ${SENDERS} equal codes in parallel one is accepted, ${USERS * CODES} times over, and the others cost no attempt`, async (t) => {
  const { sql, enrolled } = product
  const atOnce = pLimit(USERS_AT_ONCE)
  const sent = { codes: 0, requests: 0, again: 0 }
  const statuses = new Map<string, number>()
  const since = performance.now()

  const acceptances = await Promise.all(
    enrolled.map((user) =>
      atOnce(async () => {
        const browsers = await Promise.all([0, 1].map((web) => signedIn(web, user.email)))
        const accepted: number[] = []
        for (let code = 1; code <= CODES; code += 1)
          accepted.push(await replay(user.id, user.secret, browsers, code))
        return accepted
      }),
    ),
  )

  const seconds = (performance.now() - since) / 1000
  t.diagnostic(
    `${sent.requests} requests with ${sent.codes} codes in ${Math.round(seconds)} s; answers: ${JSON.stringify([...statuses])}; codes sent once more: ${sent.again}`,
  )
  assert.ok(sent.requests >= REPLAYS)
  assert.deepEqual(
    acceptances.flat().filter((times) => times > 1),
    [],
    'a code was accepted more than once',
  )
  const events = await sql<{ action: string; outcome: string; count: number }[]>`
    select action, outcome::text, count(*)::int from audit_events
    where subject_id = any(${enrolled.map(({ id }) => id)}) and action <> 'sign-in.password' group by 1, 2 order by 1`
  assert.deepEqual(
    events.filter(({ action }) => action !== 'known-browser.ended'),
    [{ action: 'sign-in.completed', outcome: 'success', count: USERS * CODES }],
  )

  /** Sends one code until it is accepted. An overloaded process refuses some, and all at times. Returns how many answers say so. */
  async function replay(id: string, secret: string, browsers: Browser[], code: number): Promise<number> {
    const digits = totp(base32Decode(secret), new Date((timeStep(new Date()) + code - 1) * STEP_MS))
    sent.codes += 1
    for (let accepted = 0; ; sent.again += 1) {
      const answers = await Promise.all(
        Array.from({ length: SENDERS }, (_, sender) => send(browsers, sender, digits)),
      )
      for (const session of answers) if (session !== null && (await opens(session))) accepted += 1
      const [{ completed }] = await sql<[{ completed: number }]>`
        select count(*)::int as completed from audit_events where subject_id = ${id} and action = 'sign-in.completed'`
      if (completed < code) continue
      for (const browser of browsers)
        assert.ok(!(await opens(cookieOf(browser))), 'the session of before opens')
      return accepted
    }
  }

  /** Each browser's request goes to both processes. Returns the cookies of the session that the answer brings. */
  async function send(browsers: Browser[], sender: number, code: string): Promise<string | null> {
    const browser = browsers[sender % browsers.length]
    const origin = product.origins[Math.floor(sender / browsers.length) % product.origins.length] ?? ''
    const cookie = browser ? cookieOf(browser) : ''
    const response = await postForm(`${origin}/mfa/verify`, { code }, { cookie })
    await response.arrayBuffer()
    const answer = [response.status, response.headers.get('location')]
      .filter((part) => part !== null)
      .join(' ')
    sent.requests += 1
    statuses.set(answer, (statuses.get(answer) ?? 0) + 1)
    const lines = response.headers.getSetCookie()
    return lines.length === 0 ? null : lines.map((line) => line.split(';')[0]).join('; ')
  }
})

/** Whether a session is signed in. */
async function opens(cookie: string): Promise<boolean> {
  const [origin = ''] = product.origins
  const { status } = await fetch(`${origin}/account`, { redirect: 'manual', headers: { cookie } })
  return status === 200
}

function cookieOf({ cookies }: Browser): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** A browser that has proven the password. */
async function signedIn(web: number, email: string): Promise<Browser> {
  const browser = new Browser(product.origins[web] ?? '', REAL_CLOCK)
  assert.equal((await judged(() => browser.signInWithPassword(email))).location, '/mfa/verify')
  return browser
}
