// More sign-ins than the machine can hash passwords for, with the real web process.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { offer, postForm, summary } from './load.ts'
import { type Product, startProduct } from './product.ts'

const SIGN_INS_PER_SECOND = Number(process.env.SIGN_INS_PER_SECOND ?? 150)
const LOAD_MS = Number(process.env.LOAD_SECONDS ?? 6) * 1000
const WEBS = Number(process.env.WEBS ?? 1)
const PAGES_PER_SECOND = 5
/** A page that is late, or whose database is away, says 5. */
const RETRY_AFTER_OVERLOAD = '3'

let product: Product
before(async () => {
  product = await startProduct({ users: 500, webs: WEBS })
})
after(() => product?.stop())

test('more sign-ins than can be checked: some are served, the others get 503 with Retry-After without an attempt counted, and people who are signed in are served', async (t) => {
  const { origins, emails, sql } = product
  const originOf = (number: number) => origins[number % origins.length] ?? ''
  const signIn = (number: number) =>
    postForm(`${originOf(number)}/sign-in`, {
      email: emails[number % emails.length] ?? '',
      // Counted as an attempt if it is checked.
      password: number % 2 === 0 ? DEMO_PASSWORD : 'not the password of anyone',
    })
  const cookies = await Promise.all(
    origins.map(async (origin) => {
      const fields = { email: 'finance@harbour.example', password: DEMO_PASSWORD }
      const answer = await postForm(`${origin}/sign-in`, fields)
      return answer.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; ')
    }),
  )
  const ownHome = (number: number) =>
    fetch(`${originOf(number)}/`, {
      redirect: 'manual',
      headers: { cookie: cookies[number % cookies.length] ?? '' },
    })
  for (let page = 0; page < 20; page += 1) assert.equal((await ownHome(page)).status, 200)

  const pages = offer(PAGES_PER_SECOND, ownHome)
  const signIns = offer(SIGN_INS_PER_SECOND, signIn)
  await pause(LOAD_MS)
  const [seen, tried] = await Promise.all([pages.stop(), signIns.stop()])

  const served = tried.filter(({ status }) => status !== 503)
  const refused = tried.filter(({ status }) => status === 503)
  t.diagnostic(`offered ${SIGN_INS_PER_SECOND}/s for ${LOAD_MS} ms to ${WEBS} web`)
  t.diagnostic(`served: ${summary(served)}`)
  t.diagnostic(`refused: ${summary(refused)}`)
  t.diagnostic(`pages of people who are signed in: ${summary(seen)}`)
  assert.ok(served.length > 0)
  assert.ok(refused.length > 0)
  assert.ok(refused.every(({ retryAfter }) => retryAfter !== null))
  assert.ok(seen.filter(({ status }) => status === 200).length > 0.9 * seen.length)

  // A wrong password is on record when it was checked. What was refused for lack of time alone may have been checked.
  const wrong = tried.filter(({ status }) => status === 401).length
  const tooLate = refused.filter(({ retryAfter }) => retryAfter !== RETRY_AFTER_OVERLOAD).length
  assert.ok(refused.length > tooLate)
  const [counted] = await sql<[{ failures: number }]>`
    select count(*)::int as failures from audit_events where action = 'sign-in.password' and outcome = 'failure'`
  assert.ok(counted.failures >= wrong)
  assert.ok(
    counted.failures <= wrong + tooLate,
    `${counted.failures} counted, ${wrong} answered 401, ${tooLate} late`,
  )
})
