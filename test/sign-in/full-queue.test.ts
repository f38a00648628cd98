// While the queue of passwords to check is full, a request is refused before it spends an attempt.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { STEP_UP_LIFE_MS } from '../../src/access/step-up.ts'
import { Deadline, withDeadline } from '../../src/platform/db/deadline.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { admit } from '../../src/sign-in/password-hash.ts'
import { startApp, type TestApp } from '../support/app.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { checksumsOf } from '../support/database-contents.ts'
import { People } from '../support/people.ts'

/** As many as would lock the password or the code if they were counted. */
const REFUSALS = 5
const WRONG_PASSWORD = 'not the password at all'
const NEW_PASSWORD = 'seven green lanterns in fog'
/** The queue is filled for longer. */
const ANSWER_WITHIN = '10s'

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000', ANSWER_WITHIN })
  people = new People(app)
})
after(() => app.close())

type Send = () => Promise<Answer>

/** Requests that hash or check a code, each of a new user. `status`, `counted`: once the queue has room. */
const REQUESTS: Record<string, { prepare: () => Promise<Send>; status: number; counted: number }> = {
  'POST /sign-in': {
    prepare: async () => {
      const { email } = await people.add('Harbour Group', ['finance-operator'])
      return () => app.browser().signInWithPassword(email, WRONG_PASSWORD)
    },
    status: 401,
    counted: 1,
  },
  'POST /account/password': {
    prepare: async () => {
      const browser = await signedIn()
      const fields = { currentPassword: WRONG_PASSWORD, password: NEW_PASSWORD }
      return () => browser.post('/account/password', fields)
    },
    status: 401,
    counted: 1,
  },
  'POST /account/authenticator': {
    prepare: async () => {
      const browser = await signedIn()
      return () => browser.post('/account/authenticator', { password: WRONG_PASSWORD })
    },
    status: 401,
    counted: 1,
  },
  'step-up by a password': {
    prepare: async () => {
      const browser = await signedIn()
      await letStepUpPass(browser)
      return () => browser.post('/account/sessions/end-others', { presence: WRONG_PASSWORD })
    },
    status: 401,
    counted: 1,
  },
  'step-up by a code': {
    prepare: async () => {
      const { id, email } = await people.add('Harbour Group', ['tech-operator'])
      const browser = Object.assign(app.browser(), { secret: await people.enrol(id) })
      assert.equal((await browser.signIn(email)).location, '/')
      await letStepUpPass(browser)
      return () => browser.post('/account/sessions/end-others', { presence: browser.wrongCode() })
    },
    status: 401,
    counted: 1,
  },
  'POST /activate/:token': {
    prepare: async () => {
      const admin = app.browser()
      await admin.signInWithPassword('admin@meridian.example')
      const { email = '', ...fields } = people.newcomer()
      assert.equal((await admin.post('/users', { email, ...fields })).status, 303)
      const link = await people.invitationLink(email)
      return () => app.browser().post(link, { password: NEW_PASSWORD })
    },
    status: 303,
    counted: 0,
  },
  'POST /reset-password/:token': {
    prepare: async () => {
      const { email } = await people.add('Harbour Group', ['finance-operator'])
      await app.browser().post('/forgot-password', { email })
      const link = await people.passwordResetLink(email)
      return () => app.browser().post(link, { password: NEW_PASSWORD })
    },
    status: 303,
    counted: 0,
  },
}

describe('while the queue of passwords to check is full', () => {
  for (const [name, { prepare, status, counted }] of Object.entries(REQUESTS))
    test(`${name} gets 503 and Retry-After without a change, and is answered once there is room`, async () => {
      const send = await prepare()
      const [untouched, before] = [await checksumsOf(app.deps.sql), await countAttempts()]
      const empty = await fillQueue()
      const refused: Answer[] = []
      for (let i = 0; i < REFUSALS; i += 1) refused.push(await send())
      const [after, attempts] = [await checksumsOf(app.deps.sql), await countAttempts()]
      await empty()

      for (const { status, headers, body } of refused) {
        assert.equal(status, 503)
        assert.ok(Number(headers.get('retry-after')) > 0)
        assert.match(body, /No attempt was counted/)
      }
      assert.equal(attempts, before)
      assert.deepEqual(after, untouched)
      assert.equal((await send()).status, status, 'neither locked nor used up')
      assert.equal(await countAttempts(), before + counted)
    })
})

async function signedIn(): Promise<Browser> {
  const { email } = await people.add('Harbour Group', ['finance-operator'])
  const browser = app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/')
  return browser
}

/** The page stores that the session was used, so that the next request does not. */
async function letStepUpPass(browser: Browser): Promise<void> {
  app.clock.advance(STEP_UP_LIFE_MS + SECOND)
  await browser.get('/account')
}

/** Of all users and known browsers, failed or under way. */
async function countAttempts(): Promise<number> {
  const [row] = await app.deps.sql<[{ attempts: number }]>`
    select coalesce(sum(cardinality(failed_at) + cardinality(pending_at)), 0)::int as attempts from lockouts`
  return row.attempts
}

/** Fills the queue of this process with work that ends when the returned function is called. */
async function fillQueue(): Promise<() => Promise<unknown>> {
  const deadline = new Deadline()
  deadline.moveTo(MINUTE)
  let end = () => {}
  const held = new Promise<void>((resolve) => {
    end = resolve
  })
  const works: Promise<void>[] = []
  let isFull = false
  while (!isFull) {
    assert.ok(works.length < 100_000, 'the queue has an end')
    const work = withDeadline(deadline, () => admit(() => held))
    works.push(
      work.catch(() => {
        isFull = true
      }),
    )
    await nextTurn()
  }
  return () => {
    end()
    return Promise.all(works)
  }
}
