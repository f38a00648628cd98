// The example of docs/applications with Express and openid-client, as a process of its own: it asks about every request.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import type { TestApp } from '../support/app.ts'
import { addApplication } from '../support/applications.ts'
import { Browser } from '../support/browser.ts'
import { ADMIN, Cast, EVIDENCE } from '../support/cast.ts'
import { type RunningProxy, startServer } from '../support/proxy-process.ts'
import { arriveOutside } from './relying-party.ts'

const EXAMPLE = join(PROJECT_ROOT, 'docs/applications/express-openid-connect.mjs')
const PAGE = { accept: 'text/html' }

let cast: Cast
let app: TestApp
let example: RunningProxy
let origin: string
before(async () => {
  cast = await Cast.assemble([ADMIN], [])
  app = cast.app
  // The example compares tokens with the time of its own process.
  app.clock.advance(Date.now() - app.clock.now().getTime())
  await cast.as(ADMIN).signIn(ADMIN)
  await ensureSigningKeys(app.deps)
  const port = await anyFreePort()
  origin = `http://127.0.0.1:${port}`
  const { id, secret } = await addApplication(app.deps.db, {
    name: 'Reports',
    address: `${origin}/`,
    redirectUris: [`${origin}/callback`],
    refreshTokens: true,
  })
  example = await startServer([process.execPath, EXAMPLE], port, {
    GATE: app.origin,
    ORIGIN: origin,
    CLIENT_ID: id,
    CLIENT_SECRET: secret,
    SESSION_SECRET: 'a secret of the example',
    PORT: String(port),
  })
})
after(async () => {
  await example?.stop()
  await app?.close()
})

/** A person who came in from the page of the example, through sign-in at the gate. */
async function person() {
  const { id, email } = await cast.people.add('Harbour Group', ['tech-operator'])
  const gate = Object.assign(app.browser(), { secret: await cast.people.enrol(id) })
  await gate.signInWithPassword(email)
  await gate.verify()
  const browser = new Browser(origin, app.clock)
  await comeIn(gate, browser)
  return { id, gate, browser }
}

async function comeIn(gate: Browser, browser: Browser): Promise<void> {
  assert.equal((await browser.request('GET', '/', { headers: PAGE })).location, '/sign-in')
  const begun = await browser.get('/sign-in')
  const callback = await arriveOutside(app, gate, begun.location ?? '')
  assert.equal((await browser.get(callback.href)).location, '/')
}

test('a person signs in at the gate and is greeted with name and role groups', async () => {
  const { browser } = await person()

  assert.match((await browser.get('/')).body, /^Hello .+, you are in tech-operator\.$/)
})

test('after a reset the next request is refused', async () => {
  const { id, browser } = await person()
  assert.equal((await browser.get('/')).status, 200)

  await cast.as(ADMIN).post(`/users/${id}/mfa-reset`, EVIDENCE)
  assert.equal((await cast.people.eventsOf(id, 'mfa-reset.requested')).length, 1)

  assert.equal((await browser.request('GET', '/', { headers: PAGE })).location, '/sign-in')
  assert.equal((await browser.post('/')).status, 401)
})

test('when the access token has expired, ten requests at once are all served, and the next one too', async () => {
  const { browser } = await person()
  app.clock.advance(6 * MINUTE)

  const answers = await Promise.all(Array.from({ length: 10 }, () => browser.get('/')))

  assert.deepEqual(
    answers.map(({ status }) => status),
    Array(10).fill(200),
  )
  assert.equal((await browser.get('/')).status, 200)
})

test('a callback that this browser did not begin signs no one in', async () => {
  const { gate } = await person()
  const begun = await new Browser(origin, app.clock).get('/sign-in')
  const callback = await arriveOutside(app, gate, begun.location ?? '')

  const answer = await new Browser(origin, app.clock).get(callback.href)

  assert.equal(answer.status, 400)
  assert.match(answer.body, /was not begun in this browser/)
})
