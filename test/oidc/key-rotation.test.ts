// Keys that change while people sign in through two web processes. These use the real clock, as in production.
import assert from 'node:assert/strict'
import { after, afterEach, before, mock, test } from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { DAY, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import type { RotationMode } from '../../src/signing-keys/plan-rotation.ts'
import { rotateSigningKeys } from '../../src/signing-keys/rotate-signing-keys.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { addApplication } from '../support/applications.ts'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { Browser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { People } from '../support/people.ts'
import type { TestProcess } from '../support/processes.ts'
import { VisitorAtHost } from '../support/visitor-at-host.ts'
import { startWebProcesses } from '../support/web-processes.ts'
import { RelyingParty } from './relying-party.ts'

const HOST = 'reports.example'
const PEOPLE = 4
const NOTICE_LEFT_MS = 12 * SECOND
/** jose asks again for an unknown key after 30 s, openid-client after 60 s. */
const COOLDOWN_MS = MINUTE + SECOND

const realNow = () => new Date(performance.timeOrigin + performance.now())
const REAL_CLOCK = { now: realNow, advance: () => assert.fail('the real clock cannot be moved') }

/** Prepares and reads the database. Its own web server takes no part. */
let app: TestApp
/** The same, reached through a balancer that sends each request to the next process. */
let balanced: TestApp
let balancer: Balancer
let webs: TestProcess[]
let browsers: Browser[]

before(async () => {
  app = await startApp()
  await ensureSigningKeys({ ...app.deps, clock: { now: () => new Date(Date.now() - 2 * DAY) } })
  balancer = await startBalancer()
  const { origin } = balancer
  balancer.ports = [await anyFreePort(), await anyFreePort()]
  const started = startWebProcesses(app, origin, balancer.ports)
  webs = started
  await Promise.all(started.map(({ ready }) => ready))
  const browser = () => new Browser(origin, REAL_CLOCK)
  balanced = { ...app, origin, browser, clock: REAL_CLOCK as never }
  await addApplication(app.deps.db, {
    name: 'Reports',
    way: 'forward-auth',
    host: HOST,
    address: `https://${HOST}/`,
  })
  const people = new People(app)
  browsers = []
  for (let i = 0; i < PEOPLE; i += 1) {
    const { email } = await people.add('Harbour Group', ['finance-operator'])
    const signedIn = browser()
    assert.equal((await signedIn.signInWithPassword(email)).location, '/')
    browsers.push(signedIn)
  }
})
afterEach(() => mock.timers.reset())
after(async () => {
  for (const web of webs ?? []) web.kill('SIGKILL')
  balancer?.close()
  await app?.close()
})

interface SignIn {
  begunAt: number
  /** Of the key that signed its token; or why it failed. */
  kid?: string
  problem?: unknown
}

/** Signs a person in to an application that verifies the token. Returns the `kid` of its key. */
type Way = (browser: Browser) => Promise<string>

/** openid-client keeps the keys for five minutes. */
async function openIdConnect(): Promise<Way> {
  const party = await RelyingParty.register(balanced)
  client.enableNonRepudiationChecks(party.config)
  return async (browser) => {
    const { tokens } = await party.signIn(browser)
    return decodeProtectedHeader(tokens.id_token ?? '').kid ?? ''
  }
}

/** jose keeps the keys for ten minutes. */
function forwardAuth(): Way {
  const keys = createRemoteJWKSet(new URL(`${balanced.origin}/oidc/jwks`))
  return async (browser) => {
    const visitor = new VisitorAtHost(balanced, HOST)
    await visitor.enter(browser)
    const { status, headers } = await visitor.asks()
    assert.equal(status, 200)
    const { protectedHeader } = await jwtVerify(headers.get('x-portcullis-assertion') ?? '', keys, {
      issuer: `${balanced.origin}/oidc`,
      audience: HOST,
      typ: 'portcullis-assertion+jwt',
      currentDate: realNow(),
    })
    return protectedHeader.kid ?? ''
  }
}

/** Signs all people in again and again, by both ways at once, until `work` is done and each has then signed in twice. */
async function underLoad(ways: readonly Way[], work: () => Promise<void>): Promise<SignIn[]> {
  const done: SignIn[] = []
  let workDone = false
  const signInAgain = async (browser: Browser, way: Way) => {
    for (let left = 2; left > 0; ) {
      const begunAt = performance.now()
      if (workDone) left -= 1
      await way(browser).then(
        (kid) => done.push({ begunAt, kid }),
        (problem) => done.push({ begunAt, problem }),
      )
    }
  }
  const load = ways.flatMap((way) => browsers.map((browser) => signInAgain(browser, way)))
  await work()
  workDone = true
  await Promise.all(load)
  return done
}

const problemsOf = (signIns: readonly SignIn[]) =>
  signIns.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))

/** Rotates by the clock that is given, and returns the new keys in their signing order. */
async function rotate(mode: RotationMode, now = realNow()): Promise<Set<string>> {
  const before = new Set(await kids())
  await rotateSigningKeys({ ...app.deps, clock: { now: () => now } }, mode)
  return new Set((await kids()).filter((kid) => !before.has(kid)))
}

async function publishedKids(): Promise<Set<string>> {
  const answer = await balanced.browser().get('/oidc/jwks')
  return new Set(JSON.parse(answer.body).keys.map(({ kid }: { kid: string }) => kid))
}

async function kids(): Promise<string[]> {
  const rows = await app.deps.sql<{ kid: string }[]>`select kid from signing_keys`
  return rows.map(({ kid }) => kid)
}

test('keys that take over after their notice do so under load without one failed sign-in', async () => {
  const successors = await rotate('with-notice', new Date(realNow().getTime() - DAY + NOTICE_LEFT_MS))
  // They read the keys within the notice, and not again.
  const ways = [await openIdConnect(), forwardAuth()]

  const signIns = await underLoad(ways, async () => {
    const successorsSign = async () => {
      const signedBy = await Promise.all(ways.map((way) => browsers[0] && way(browsers[0])))
      return signedBy.every((kid = '') => successors.has(kid))
    }
    await eventually('the successors sign', successorsSign, 10 * NOTICE_LEFT_MS)
  })

  assert.deepEqual(problemsOf(signIns), [])
  assert.ok(
    signIns.some(({ kid = '' }) => !successors.has(kid)),
    'the old keys signed',
  )
})

test('in an emergency no sign-in fails that begins after the keys are replaced', async () => {
  const ways = [await openIdConnect(), forwardAuth()]
  let replacements = new Set<string>()
  let replacedAt = 0

  const signIns = await underLoad(ways, async () => {
    await Promise.all(ways.flatMap((way) => browsers.map(way)))
    mock.timers.enable({ apis: ['Date'], now: Date.now() + COOLDOWN_MS })
    replacements = await rotate('at-once')
    replacedAt = performance.now()
  })

  for (const _process of webs) assert.deepEqual(await publishedKids(), replacements)
  const after = signIns.filter(({ begunAt }) => begunAt >= replacedAt)
  assert.ok(after.length >= 2 * PEOPLE * ways.length)
  assert.deepEqual(problemsOf(after), [])
  for (const { kid = '' } of after) assert.ok(replacements.has(kid), 'only the new keys sign')
  assert.ok(
    signIns.some(({ kid = '' }) => kid !== '' && !replacements.has(kid)),
    'the old keys signed',
  )
})
