// More sign-ins than the machine can hash passwords for, with the real web process.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { offer, postForm, summary } from './load.ts'
import { type Product, startProduct } from './product.ts'

/** As a multiple of what is served to one person after the other, where no rate is given. */
const OVERLOAD = 6
const SIGN_INS_PER_SECOND = Number(process.env.SIGN_INS_PER_SECOND ?? 0)
const LOAD_MS = Number(process.env.LOAD_SECONDS ?? 6) * 1000
const WEBS = Number(process.env.WEBS ?? 1)
const PAGES_PER_SECOND = 5
const WARM_UP = 40
/** A page that is late, or whose database is away, says 5. */
const RETRY_AFTER_OVERLOAD = '3'

let product: Product
before(async () => {
  product = await startProduct({ users: 500, webs: WEBS })
})
after(() => product?.stop())

test('under more sign-ins than can be checked some are served, the others get 503 without an attempt counted, and signed-in users are served', async (t) => {
  const { origins } = product
  const cookies = await Promise.all(origins.map(signInForGood))
  const ownHome = (number: number) =>
    fetch(`${originOf(number)}/`, {
      redirect: 'manual',
      headers: { cookie: cookies[number % cookies.length] ?? '' },
    })
  for (let page = 0; page < WARM_UP; page += 1) assert.equal((await ownHome(page)).status, 200)
  const since = performance.now()
  for (let number = 0; number < WARM_UP; number += 1) await (await signIn(number)).arrayBuffer()
  const perSecond = SIGN_INS_PER_SECOND || (OVERLOAD * WARM_UP * 1000) / (performance.now() - since)
  const failuresBefore = await countFailures()

  const pages = offer(PAGES_PER_SECOND, ownHome)
  const signIns = offer(perSecond, (number) => signIn(WARM_UP + number))
  await pause(LOAD_MS)
  const [seen, tried] = await Promise.all([pages.stop(), signIns.stop()])

  const served = tried.filter(({ status }) => status !== 503)
  const refused = tried.filter(({ status }) => status === 503)
  const tooLate = refused.filter(({ retryAfter }) => retryAfter !== RETRY_AFTER_OVERLOAD)
  t.diagnostic(`offered ${Math.round(perSecond)}/s for ${LOAD_MS} ms to ${WEBS} web`)
  t.diagnostic(`served: ${summary(served)}`)
  t.diagnostic(`refused: ${summary(refused)}, of which too late: ${tooLate.length}`)
  t.diagnostic(`pages of people who are signed in: ${summary(seen)}`)
  assert.ok(served.length > 0)
  assert.ok(refused.length > tooLate.length)
  assert.ok(refused.every(({ retryAfter }) => retryAfter !== null))
  assert.ok(seen.some(({ status }) => status === 200))

  // A wrong password is on record when it was checked. What was only too late may have been checked.
  const wrong = tried.filter(({ status }) => status === 401).length
  const failures = (await countFailures()) - failuresBefore
  assert.ok(failures >= wrong)
  assert.ok(failures <= wrong + tooLate.length)
})

function originOf(number: number): string {
  return product.origins[number % product.origins.length] ?? ''
}

/** Every other password is wrong, and so counted as an attempt if it is checked. */
function signIn(number: number): Promise<Response> {
  return postForm(`${originOf(number)}/sign-in`, {
    email: product.emails[number % product.emails.length] ?? '',
    password: number % 2 === 0 ? DEMO_PASSWORD : 'not the password of anyone',
  })
}

/** The cookies of a person who needs no code. */
async function signInForGood(origin: string): Promise<string> {
  const fields = { email: 'finance@harbour.example', password: DEMO_PASSWORD }
  const answer = await postForm(`${origin}/sign-in`, fields)
  const lines = answer.headers.getSetCookie()
  return lines.map((line) => line.split(';')[0]).join('; ')
}

async function countFailures(): Promise<number> {
  const [row] = await product.sql<[{ failures: number }]>`
    select count(*)::int as failures from audit_events where action = 'sign-in.password' and outcome = 'failure'`
  return row.failures
}
