// PostgreSQL frozen under load, with the real web process: it takes connections and statements, and answers nothing.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Browser } from '../support/browser.ts'
import { TestClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import { freezePostgres } from './freeze.ts'
import { offer, postForm, slowest, summary } from './load.ts'
import { type Product, startProduct } from './product.ts'

const FROZEN_MS = Number(process.env.FREEZE_SECONDS ?? 6) * 1000
const REQUESTS_PER_SECOND = 5
/** What the product promises. A busy machine adds what it adds to every answer. */
const ANSWER_WITHIN_MS = 2000

let product: Product
before(async () => {
  product = await startProduct({ users: 1000 })
})
after(() => product?.stop())

test('while PostgreSQL is frozen every request is answered 503 in time and not carried out later, and soon after it the next ones succeed', async (t) => {
  const { emails, sql } = product
  const [origin = ''] = product.origins
  const signedIn = new Browser(origin, new TestClock())
  await signedIn.signInWithPassword('finance@harbour.example')
  assert.equal((await signedIn.get('/')).status, 200)
  const cookie = [...signedIn.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  // The first pages of a process are slow.
  for (let page = 0; page < 20; page += 1) await signedIn.get('/')
  const ownHome = () => fetch(`${origin}/`, { redirect: 'manual', headers: { cookie } })
  const emailOf = (number: number) => emails[number % emails.length] ?? ''

  const pages = offer(REQUESTS_PER_SECOND, ownHome)
  const resets = offer(REQUESTS_PER_SECOND, (number) =>
    postForm(`${origin}/forgot-password`, { email: emailOf(number) }),
  )
  await pause(3000)
  const goOn = await freezePostgres(sql)
  const frozenAt = { pages: pages.elapsedMs(), resets: resets.elapsedMs() }
  await pause(FROZEN_MS)
  const thawedAt = { pages: pages.elapsedMs(), resets: resets.elapsedMs() }
  goOn()
  await eventually('a page opens again', async () => (await ownHome()).status === 200)
  await pause(1500)
  const [seen, asked] = await Promise.all([pages.stop(), resets.stop()])

  const before = [
    ...seen.filter(({ begunAt, ms }) => begunAt + ms < frozenAt.pages),
    ...asked.filter(({ begunAt, ms }) => begunAt + ms < frozenAt.resets),
  ]
  const longestMs = ANSWER_WITHIN_MS + 2 * slowest(before)
  const inFreeze = [
    ...seen.filter(({ begunAt, ms }) => begunAt > frozenAt.pages && begunAt + ms < thawedAt.pages),
    ...asked.filter(({ begunAt, ms }) => begunAt > frozenAt.resets && begunAt + ms < thawedAt.resets),
  ]
  const success = seen.filter(({ begunAt, ms, status }) => status === 200 && begunAt + ms > thawedAt.pages)
  const firstSuccessMs = Math.min(...success.map(({ begunAt, ms }) => begunAt + ms)) - thawedAt.pages
  const slowestBegunAfterMs = slowest(seen.filter(({ begunAt }) => begunAt > thawedAt.pages))
  t.diagnostic(`before: ${summary(before)}`)
  t.diagnostic(`frozen ${FROZEN_MS} ms; answers meanwhile: ${summary(inFreeze)}`)
  t.diagnostic(`all pages: ${summary(seen)}; all resets: ${summary(asked)}`)
  t.diagnostic(
    `first page after it went on: ${Math.round(firstSuccessMs)} ms; slowest asked for since: ${Math.round(slowestBegunAfterMs)} ms`,
  )
  assert.ok(inFreeze.length > 20)
  assert.ok(inFreeze.every(({ status, retryAfter }) => status === 503 && retryAfter !== null))
  assert.ok(slowest([...seen, ...asked]) < longestMs, summary([...seen, ...asked]))
  assert.ok(firstSuccessMs < longestMs, `first success after ${firstSuccessMs} ms`)
  assert.equal(asked.at(-1)?.status, 200)

  const refused = asked.flatMap(({ begunAt, status }, number) =>
    status === 503 && begunAt > frozenAt.resets ? [emailOf(number)] : [],
  )
  assert.ok(asked.length < emails.length, 'each address was asked for once')
  const carriedOut = await sql`
    select email from users join notifications on recipient_id = users.id
    where kind = 'password-reset' and email = any(${refused})`
  assert.deepEqual([...carriedOut], [])
})
