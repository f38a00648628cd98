// Everything that people do with secrets, done once; then every place is searched where a secret must not be.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, isNull } from 'drizzle-orm'
import { Redis } from 'ioredis'
import { outbox } from '../../../src/platform/db/schema/outbox.ts'
import { QUEUES } from '../../../src/platform/outbox/jobs.ts'
import { MINUTE } from '../../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../../src/signing-keys/ensure-signing-keys.ts'
import { startWorker } from '../../../workers/start-worker.ts'
import { arriveAtPage, arriveOutside, RelyingParty } from '../../oidc/relying-party.ts'
import { startApp, type TestApp } from '../../support/app.ts'
import { addApplication, registrationForm } from '../../support/applications.ts'
import { Browser, DEMO_PASSWORD, keyOn } from '../../support/browser.ts'
import { ADMIN, ADMIN2, DESK, FINANCE, OPERATOR, TECH } from '../../support/cast.ts'
import { AUDIT_KEYS, ENCRYPTION_KEYS } from '../../support/cluster.ts'
import { rowsOf } from '../../support/database-contents.ts'
import { eventually } from '../../support/eventually.ts'
import { ExactBrowser } from '../../support/exact-browser.ts'
import { People } from '../../support/people.ts'
import { builtModule, startProcess } from '../../support/processes.ts'
import { REDIS_AVAILABLE, RedisServer } from '../../support/redis-server.ts'
import { findCodes, findSecrets, type Secret } from '../../support/secret-search.ts'
import { SmtpServer } from '../../support/smtp-server.ts'
import { leadsTo, VisitorAtHost } from '../../support/visitor-at-host.ts'
import { SHORT } from '../../workers/short-times.ts'

const ROTATE_KEYS = builtModule('src/commands/keys-rotate.js')
/** The first is the one that the demo data are sealed with. */
const KEYS = [ENCRYPTION_KEYS, `k2:${Buffer.alloc(32, 42).toString('base64')}`]
const SESSION_SECRET = 'the-session-secret-of-this-test-only-0123'
const PROXIED_HOST = 'reports.example'
const METRICS_TOKEN = 'the-token-of-the-scraper-of-this-test'
/** The demo data have an invitation, too. */
const LINKS_MAILED = { activate: 2, 'reset-password': 1 }
const PASSWORDS = {
  wrong: 'wrong Passwörd & guess',
  activation: 'chosen Passwörd & activation',
  forgotten: 'chosen Passwörd & after forgetting',
  changed: 'chosen Passwörd & in the account',
}

/** How many of each kind are used by applications at least: two ID tokens of one second are the same. */
const OF_APPLICATIONS = {
  'authorization code': 2,
  'code verifier': 2,
  'access token': 4,
  'refresh token': 4,
  'ID token': 2,
  'signature of an interaction': 2,
  'code of a pass': 1,
  'cookie portcullis': 1,
  'cookie portcullis-begun': 1,
  assertion: 1,
}

/** A browser that remembers every secret which passes through it. */
class ObservedBrowser extends Browser {
  readonly #seen: SeenSecrets
  constructor(app: TestApp, seen: SeenSecrets) {
    super(app.origin, app.clock)
    this.#seen = seen
  }

  override async request(...args: Parameters<Browser['request']>) {
    const [, path, init] = args
    const [, token] = /^\/(?:activate|reset-password)\/([^/?]+)/.exec(path) ?? []
    if (token) this.#seen.add('link token', token)
    const form = typeof init?.body === 'string' ? new URLSearchParams(init.body) : []
    for (const [name, value] of form) {
      if (/^(code|presence)$/.test(name) && /^\d{6}$/.test(value)) this.#seen.codes.add(value)
      if (/password/i.test(name)) this.#seen.add(`password “${value}”`, value)
    }
    const answer = await super.request(...args)
    const cookie = this.cookies.get('sid')
    if (cookie) {
      const [id = '', signature = ''] = decodeURIComponent(cookie).replace(/^s:/, '').split('.')
      this.#seen.add('session cookie', cookie)
      this.#seen.add('session id', id)
      this.#seen.add('signature of a session cookie', signature)
    }
    if (answer.body.includes('id="manual-key"')) this.#seen.add('TOTP secret', keyOn(answer.body))
    return answer
  }
}

class SeenSecrets {
  readonly all: Secret[] = []
  readonly codes = new Set<string>()

  add(name: string, value: string | Buffer): void {
    if (!this.all.some((known) => Buffer.from(known.value).equals(Buffer.from(value))))
      this.all.push({ name, value })
  }
  named(name: string): Secret[] {
    return this.all.filter((secret) => secret.name === name)
  }
}

for (const engine of ['redis', 'postgres'] as const)
  describe(`secrets, with the queues on ${engine}`, { skip: engine === 'redis' && !REDIS_AVAILABLE }, () => {
    const redis = engine === 'redis' ? new RedisServer() : null
    const mailServer = new SmtpServer()
    const seen = new SeenSecrets()
    const logLines: string[] = []
    /** What every place held, by its name, whenever it was looked at. */
    const places: Record<string, string> = {}
    let app: TestApp
    let people: People

    before(async () => {
      await mailServer.start()
      await redis?.start()
      app = await startApp(
        {
          SMTP_URL: mailServer.url,
          ENCRYPTION_KEYS: KEYS.join(),
          SESSION_SECRET,
          OPS_METRICS_TOKEN: METRICS_TOKEN,
          ADDRESS_ATTEMPTS: '100000',
          LOG_LEVEL: 'trace',
          ...(redis && { REDIS_URL: redis.url }),
        },
        { log: { write: (line) => logLines.push(line) } },
      )
      people = new People(app)
      await ensureSigningKeys(app.deps)
      const address = `https://${PROXIED_HOST}/`
      await addApplication(app.deps.db, { name: 'Reports', way: 'forward-auth', host: PROXIED_HOST, address })
      seen.add('session secret', SESSION_SECRET)
      seen.add('token of the scraper', METRICS_TOKEN)
      for (const entry of [...KEYS, AUDIT_KEYS]) seen.add('key', Buffer.from(entry.slice(3), 'base64'))
      // The outbox empties itself: it is looked at before a worker runs, and everything again after.
      const operator = await doEverything()
      await lookAtDatabase('before the worker')
      const worker = await startWorker(app.deps, SHORT)
      try {
        await followLinksInMails()
        await allWorkDone()
        await lookAtQueues(operator)
      } finally {
        await worker.stop()
      }
      await lookAtDatabase('after the worker')
      if (redis) places.Redis = await everythingIn(redis.url)
      places['the log'] = logLines.join('')
    })
    after(async () => {
      await app?.close()
      await redis?.stop()
      await mailServer.stop()
    })

    const browser = () => new ObservedBrowser(app, seen)

    /** Returns the browser of an operator. */
    async function doEverything(): Promise<Browser> {
      const admin = browser()
      await admin.signInWithPassword(ADMIN, PASSWORDS.wrong)
      assert.equal((await admin.enrolAndSignIn(ADMIN)).location, '/')
      await admin.post('/sign-out')
      await admin.signInWithPassword(ADMIN)
      assert.equal((await admin.verify(admin.wrongCode())).status, 401)
      assert.equal((await admin.verify(admin.nextCode())).location, '/')

      const theo = browser()
      await theo.signInWithPassword(TECH)
      await theo.scanKey()
      await theo.post('/mfa/enrol/restart')
      await theo.scanKey()
      assert.equal((await theo.post('/mfa/enrol', { code: theo.wrongCode() })).status, 401)
      assert.equal((await theo.post('/mfa/enrol', { code: theo.code() })).location, '/mfa/verify')
      assert.equal((await theo.verify(theo.nextCode())).location, '/')
      const { id } = await app.userNamed(TECH)

      // A step-up, a wrong one first.
      app.clock.advance(11 * MINUTE)
      const reset = { reason: 'Phone lost' }
      const path = `/users/${id}/mfa-reset`
      assert.equal((await admin.post(path, { ...reset, presence: admin.wrongCode() })).status, 401)
      assert.equal((await admin.post(path, { ...reset, presence: admin.nextCode() })).status, 303)

      // A change of device.
      const proof = { password: DEMO_PASSWORD, code: admin.nextCode() }
      assert.equal((await admin.post('/account/authenticator', proof)).status, 303)
      admin.secret = keyOn((await admin.get('/account/authenticator')).body)
      assert.equal(
        (await admin.post('/account/authenticator/confirm', { code: admin.code() })).location,
        '/mfa/verify',
      )
      assert.equal((await admin.verify(admin.nextCode())).status, 303)

      const passwords = { currentPassword: DEMO_PASSWORD, password: PASSWORDS.changed }
      assert.equal((await admin.post('/account/password', passwords)).status, 303)

      await openApplications(admin)
      await failWithSecretsInHand()

      const operator = browser()
      assert.equal((await operator.enrolAndSignIn(OPERATOR)).location, '/')
      assert.equal((await admin.post('/users', people.newcomer())).status, 303)
      assert.equal((await browser().post('/forgot-password', { email: FINANCE })).status, 200)
      await rotateKeys()
      return operator
    }

    /** With OpenID Connect and behind a proxy, and wrong requests besides. */
    async function openApplications(person: Browser): Promise<void> {
      const desk = browser()
      assert.equal((await desk.enrolAndSignIn(DESK)).location, '/')
      const form = { ...registrationForm(), ticket: 'DESK-4711', reason: 'It was asked for' }
      const { status, body } = await desk.post('/applications', form)
      assert.equal(status, 200)
      seen.add('client secret', /id="client-secret">([^<]+)</.exec(body)?.[1] ?? '')

      const party = await RelyingParty.register(app)
      seen.add('client secret', party.secret)
      const signedOut = browser()
      const waiting = await party.begin()
      const { at } = await arriveAtPage(app, signedOut, waiting.url.href)
      for (const [name, value] of signedOut.cookies)
        if (/^oidc.*sig$/.test(name)) seen.add('signature of an interaction', value)
      assert.match(
        (await signedOut.post(at, { email: FINANCE, password: DEMO_PASSWORD })).location ?? '',
        /oidc/,
      )

      for (const requestUri of [false, true]) {
        const authorized = requestUri
          ? await throughPushedRequest(party, person)
          : await party.authorize(person)
        seen.add('authorization code', authorized.callback.searchParams.get('code') ?? '')
        seen.add('code verifier', authorized.begun.verifier)
        const tokens = await party.redeem(authorized)
        const refreshed = await party.refresh(tokens.refresh_token ?? '')
        for (const { access_token, refresh_token = '', id_token = '' } of [tokens, refreshed]) {
          seen.add('access token', access_token)
          seen.add('refresh token', refresh_token)
          seen.add('ID token', id_token)
          await party.introspect(access_token)
        }
        await party.userinfo(refreshed.access_token, refreshed.claims()?.sub ?? '')
        const hint = new URLSearchParams({ id_token_hint: refreshed.id_token ?? '' })
        assert.equal((await person.get(`/oidc/session/end?${hint}`)).status, 200)
        await assert.rejects(party.redeem(authorized), 'a code that was used')
        await assert.rejects(party.refresh(tokens.refresh_token ?? ''), 'a refresh token that was used')
      }
      await assert.rejects(party.userinfo('an access token that was never given out, made up', 'x'))

      const visitor = new VisitorAtHost(app, PROXIED_HOST, new ExactBrowser(app.origin, app.clock))
      const callback = leadsTo(await person.get(await visitor.begin('/reports?a=b')))
      seen.add('code of a pass', new URL(callback).searchParams.get('code') ?? '')
      assert.equal((await visitor.visit(callback)).status, 303)
      for (const [name, value] of visitor.browser.cookies) seen.add(`cookie ${name}`, value)
      const { headers } = await visitor.asks('/reports?a=b')
      seen.add('assertion', headers.get('x-portcullis-assertion') ?? '')
      assert.equal((await visitor.visit(callback)).status, 400, 'a link that was used')
    }

    async function throughPushedRequest(party: RelyingParty, person: Browser) {
      const begun = await party.begin()
      const query = new URLSearchParams({ client_id: party.id, request_uri: await party.push(begun) })
      return { begun, callback: await arriveOutside(app, person, `/oidc/auth?${query}`) }
    }

    /** Statements that fail with a secret among their parameters, whose errors are logged. */
    async function failWithSecretsInHand(): Promise<void> {
      const { sql } = app.deps
      const [halfway, other] = [browser(), browser()]
      await halfway.signInWithPassword(ADMIN2)
      await halfway.scanKey()
      const errors = () => logLines.filter((line) => /"level":[56]0/.test(line)).length
      const before = errors()
      for (const table of ['sessions', 'audit_events', 'authenticators']) {
        await sql.unsafe(`alter table ${table} rename to ${table}_away`)
        const answers = [
          await other.signInWithPassword(FINANCE),
          await halfway.post('/mfa/enrol', { code: halfway.code() }),
          await other.get('/activate/a-token-that-was-never-given-out'),
        ]
        await sql.unsafe(`alter table ${table}_away rename to ${table}`)
        assert.ok(
          answers.some(({ status }) => status >= 500),
          `without ${table}`,
        )
      }
      assert.ok(errors() > before, 'errors were logged')
    }

    async function rotateKeys(): Promise<void> {
      const command = startProcess(ROTATE_KEYS, {
        DATABASE_URL: app.deps.config.DATABASE_URL,
        ENCRYPTION_KEYS: KEYS.toReversed().join(),
      })
      command.ready.catch(() => {})
      assert.equal(await command.ended, 0, command.output())
      assert.match(command.output(), /^[1-9]\d* secrets and \d+ signing keys were sealed anew/m)
      places['what keys:rotate writes'] = command.output()
    }

    async function followLinksInMails(): Promise<void> {
      for (const [page, password] of [
        ['activate', PASSWORDS.activation],
        ['reset-password', PASSWORDS.forgotten],
      ] as const) {
        const links = await eventually(`the mails with links to ${page}`, () => {
          const mails = mailServer.received.map(({ source }) => source.replaceAll('=\r\n', ''))
          const found = mails.flatMap((mail) => new RegExp(`/${page}/[\\w.~-]+`).exec(mail)?.[0] ?? [])
          return new Set(found).size === LINKS_MAILED[page] && found
        })
        for (const link of links) seen.add('link token', link.split('/').at(-1) ?? '')
        const [link = ''] = links
        const visitor = browser()
        assert.equal((await visitor.get(link)).status, 200)
        assert.equal((await visitor.post(link, { password })).status, 303)
      }
    }

    async function allWorkDone(): Promise<void> {
      const due = and(isNull(outbox.doneAt), isNull(outbox.dueAt))
      await eventually('all work is done', async () => (await app.deps.db.$count(outbox, due)) === 0)
    }

    async function lookAtDatabase(when: string): Promise<void> {
      for (const [table, rows] of Object.entries(await rowsOf(app.deps.sql)))
        places[`${table} ${when}`] = rows
    }

    async function lookAtQueues(operator: Browser): Promise<void> {
      const jobs: string[] = []
      for (const queue of QUEUES) {
        const url = `/ops/queues/api/queues?activeQueue=${queue}&status=latest&page=1&jobsPerPage=100`
        const { status, body } = await operator.get(url)
        assert.equal(status, 200)
        jobs.push(body)
      }
      places['the queue dashboard'] = jobs.join('\n')
      assert.match(places['the queue dashboard'], /notificationId/, 'it shows jobs')
      const metrics = await browser().get('/ops/metrics', { authorization: `Bearer ${METRICS_TOKEN}` })
      assert.equal(metrics.status, 200)
      places['the metrics'] = metrics.body
      places['/ops'] = (await operator.get('/ops')).body
    }

    test('secrets of every kind were used', () => {
      const count = (name: string) => seen.named(name).length
      assert.ok(count('TOTP secret') >= 6, 'first and restarted, of several people, and of the new device')
      assert.ok(count('session id') >= 10)
      assert.equal(count('link token'), 4, 'one was never given out')
      assert.equal(count('client secret'), 2)
      for (const [name, times] of Object.entries(OF_APPLICATIONS)) assert.ok(count(name) >= times, name)
      assert.ok(
        seen.all.every(({ value }) => value.length > 0),
        'none is empty',
      )
      for (const password of [DEMO_PASSWORD, ...Object.values(PASSWORDS)])
        assert.equal(count(`password “${password}”`), 1, password)
      assert.ok(seen.codes.size >= 10)
      for (const place of ['public.authenticators', 'public.sessions', 'public.outbox'])
        assert.ok(places[`${place} before the worker`], place)
      if (redis) assert.match(places.Redis ?? '', /notificationId/)
      else assert.ok(Object.keys(places).some((place) => place.startsWith('bullmq.') && places[place]))
    })

    test('secrets are in no table, queue, log line, metric or command’s output', () => {
      assert.deepEqual(findSecrets(seen.all, places), [])
    })

    test('the secrets in mails are link tokens, and each is mailed to one person only', () => {
      const mails = Object.fromEntries(
        mailServer.received.map(({ to, source }, i) => [
          `mail ${i} to ${to}`,
          source.replaceAll('=\r\n', ''),
        ]),
      )
      const isToken = ({ name }: Secret) => name === 'link token'

      assert.deepEqual(
        findSecrets(
          seen.all.filter((secret) => !isToken(secret)),
          mails,
        ),
        [],
      )
      const [neverGiven, ...given] = seen.all.filter(isToken)
      assert.ok(neverGiven)
      assert.deepEqual(findSecrets([neverGiven], mails), [])
      for (const token of given) {
        const mailedTo = mailServer.received.filter(({ source }) =>
          source.replaceAll('=\r\n', '').includes(String(token.value)),
        )
        assert.equal(new Set(mailedTo.map(({ to }) => to)).size, 1)
      }
    })

    test('codes of six digits are in no log line, job, notification or audit detail', () => {
      const payloads = Object.entries(places).filter(([place]) =>
        /^(public\.outbox|public\.notifications|public\.audit_events|bullmq\.|Redis|the log|the queue dashboard)/.test(
          place,
        ),
      )
      assert.ok(payloads.length >= 5)
      assert.deepEqual(findCodes([...seen.codes], Object.fromEntries(payloads)), [])
    })
  })

/** Every key of a Redis with what is stored there, as bytes. */
async function everythingIn(url: string): Promise<string> {
  const client = new Redis(url)
  try {
    const found: string[] = []
    for (const key of await client.keys('*')) {
      const type = await client.type(key)
      const read: Record<string, () => Promise<unknown>> = {
        string: () => client.getBuffer(key),
        hash: () => client.hgetallBuffer(key).then((fields) => Object.entries(fields).flat()),
        list: () => client.lrangeBuffer(key, 0, -1),
        set: () => client.smembersBuffer(key),
        zset: () => client.zrangeBuffer(key, 0, '-1'),
        // It ran out meanwhile.
        none: async () => '',
        stream: () => client.xrange(key, '-', '+').then((entries) => entries.flat(2)),
      }
      const stored = read[type]
      assert.ok(stored, `a key of the type ${type}`)
      found.push(key, ...[await stored()].flat().map(asBytes))
    }
    return found.join('\n')
  } finally {
    client.disconnect()
  }
}

function asBytes(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('latin1') : String(value)
}

describe('the search', () => {
  const key = Buffer.from('cafe0123456789abcdef0123456789abcdef0123', 'hex')
  const password = 'Passwörd & more'

  test('the search finds a secret in every spelling', () => {
    const base32 = 'ZL7ACI2FM6E2XTPPAERUKZ4JVPG66AJD'
    for (const text of [
      `sealed \\xcafe0123456789abcdef0123456789abcdef0123`,
      base32,
      base32.toLowerCase().replace(/.{4}/g, '$& '),
      Buffer.concat([Buffer.from('ab'), key, Buffer.from('c')]).toString('base64'),
      Buffer.concat([Buffer.from('a'), key]).toString('base64url'),
      key.toString('latin1'),
    ])
      assert.notDeepEqual(findSecrets([{ name: 'key', value: key }], { here: `… ${text} …` }), [], text)
    for (const text of [
      password,
      encodeURIComponent(password),
      new URLSearchParams({ password }).toString(),
      JSON.stringify({ password }),
      Buffer.from(JSON.stringify({ password })).toString('base64'),
      Buffer.from(password).toString('hex').toUpperCase(),
    ])
      assert.notDeepEqual(
        findSecrets([{ name: 'password', value: password }], { here: `… ${text} …` }),
        [],
        text,
      )
    assert.deepEqual(findSecrets([{ name: 'password', value: password }], { here: 'Password & more' }), [])
  })

  test('the search finds a code that stands alone, and none in ids, times and figures', () => {
    for (const text of ['{"code":"123456"}', 'code=123456&next=/', 'typed 123456.'])
      assert.equal(findCodes(['123456'], { here: text }).length, 1, text)
    for (const text of ['0196f0c0-1234-56aa', '"time":1772442123456', '09:00:00.123456', 'x123456'])
      assert.deepEqual(findCodes(['123456'], { here: text }), [], text)
  })
})
