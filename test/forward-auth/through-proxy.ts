// What holds behind every proxy, configured as its document says.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { pathToFileURL } from 'node:url'
import type { Browser as Chromium } from 'playwright-core'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { Phone } from '../browser/phone.ts'
import { addApplication } from '../support/applications.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, Cast, DESK, FINANCE, TECH } from '../support/cast.ts'
import { closeWindows, sharedBrowser } from '../support/chromium.ts'
import { type EchoApplication, type Seen, startEchoApplication } from '../support/echo-application.ts'
import { addVisitor, ENDING_EVENTS } from '../support/ending-events.ts'
import { type ProxyName, type RunningProxy, skipWithout, startProxy } from '../support/proxy-process.ts'
import { type Relay, startRelay } from '../support/relay.ts'
import { FETCH, leadsTo, NAVIGATION, VisitorThroughProxy } from '../support/visitor-at-host.ts'

const IDENTITY = ['user', 'email', 'name', 'groups', 'account', 'assertion']

interface Expected {
  /** What the person gets while the gate does not answer. */
  gateAway: number[]
  /** What `Connection: close, X-Portcullis-User` gets. */
  hop: number
}

export function describeProxy(name: ProxyName, expected: Expected): void {
  describe(`behind ${name}`, { skip: skipWithout(name, 'openssl') }, () => {
    let cast: Cast
    let echo: EchoApplication
    let relay: Relay
    let proxy: RunningProxy
    let port: number
    let hosts: { gateHost: string; reportsHost: string; ledgerHost: string }
    let applicationIds: string[]
    before(async () => {
      port = await anyFreePort()
      hosts = {
        gateHost: `gate.localhost:${port}`,
        reportsHost: `reports.apps.localhost:${port}`,
        ledgerHost: `ledger.apps.localhost:${port}`,
      }
      cast = await Cast.assemble([ADMIN, TECH, DESK], [FINANCE], {
        PUBLIC_URL: `https://${hosts.gateHost}`,
        TRUST_PROXY: 'loopback',
      })
      await ensureSigningKeys(cast.app.deps)
      applicationIds = []
      for (const [title, host] of [
        ['Reports', hosts.reportsHost],
        ['Ledger', hosts.ledgerHost],
      ] as const) {
        const { id } = await addApplication(cast.app.deps.db, {
          name: title,
          way: 'forward-auth',
          host,
          address: `https://${host}/page`,
          roleGroups: ['tech-operator', 'finance-operator', 'finance-manager'],
        })
        applicationIds.push(id)
      }
      echo = await startEchoApplication()
      relay = await startRelay(Number(new URL(cast.app.origin).port))
      proxy = await startProxy(name, { ...hosts, port, gatePort: relay.port, reportsPort: echo.port })
    })
    after(async () => {
      await proxy?.stop()
      relay?.close()
      await echo?.close()
      await cast?.app.close()
    })

    const visitor = (host = hosts.reportsHost) => new VisitorThroughProxy(cast.app, host, port)

    async function entered(email = TECH, host = hosts.reportsHost) {
      const visiting = visitor(host)
      await visiting.enter(cast.as(email))
      return visiting
    }

    const seen = (body: string): Seen => JSON.parse(body)

    describe('a person', () => {
      test('without a pass is led to the gate, and nothing reaches the application', async () => {
        const before = echo.seen.length

        const { status, location } = await visitor().asks('/reports?a=b')

        assert.equal(status, 302)
        assert.equal(
          location,
          `https://${hosts.reportsHost}/.portcullis/begin?next=${encodeURIComponent('/reports?a=b')}`,
        )
        assert.equal(echo.seen.length, before)
      })

      test('with a pass is named to the application', async () => {
        const visiting = await entered()
        const { id, name: theo, clientId } = await cast.app.userNamed(TECH)

        const { headers, url } = seen((await visiting.asks('/reports?a=b')).body)

        assert.equal(url, '/reports?a=b')
        assert.equal(headers['x-portcullis-user'], id)
        assert.equal(headers['x-portcullis-email'], TECH)
        assert.equal(headers['x-portcullis-name'], encodeURIComponent(theo))
        assert.equal(headers['x-portcullis-groups'], 'tech-operator')
        assert.equal(headers['x-portcullis-account'], clientId)
      })

      test('keeps the other cookies, and the application sees neither the pass nor the cookie of the hand-over', async () => {
        const visiting = await entered()
        const pass = visiting.browser.cookies.get('__Host-portcullis')
        for (const cookie of [
          `a=b; __Host-portcullis=${pass}; c=d`,
          `__Host-portcullis=${pass}; a=b; c=d`,
          `a=b; c=d; __Host-portcullis=${pass}`,
          `__Host-portcullis-begun=x; a=b; __Host-portcullis=${pass}; c=d`,
          `a=b; __Host-portcullis=${pass}; __Host-portcullis-begun=x; c=d`,
          `a=b; __Host-portcullis-begun=x; c=d; __Host-portcullis=${pass}`,
          `__Host-portcullis=${pass}; a=b; c=d; __Host-portcullis-begun=x`,
        ]) {
          const answer = await visiting.asks('/', { ...NAVIGATION, cookie })
          const { headers } = seen(answer.body)
          assert.doesNotMatch(String(headers.cookie), /portcullis/)
          const others = String(headers.cookie)
            .split(';')
            .flatMap((pair) => pair.trim() || [])
          assert.deepEqual(others, ['a=b', 'c=d'])
        }
        assert.doesNotMatch(
          seen((await visiting.asks()).body).headers.cookie?.toString() ?? '',
          /__Host-portcullis/,
        )
      })

      test('has no pass that the application sees, although it sets a cookie of nearly the same name', async () => {
        const visiting = await entered()
        const pass = visiting.browser.cookies.get('__Host-portcullis')
        for (const cookie of [
          `portcullis=x; __Host-portcullis=${pass}`,
          `a=b; portcullis=x; __Host-portcullis=${pass}; c=d`,
          `__Host-portcullis=${pass}; portcullis=x`,
        ]) {
          const { status, body } = await visiting.asks('/', { ...NAVIGATION, cookie })

          assert.equal(status, 200)
          assert.doesNotMatch(String(seen(body).headers.cookie), /__Host-portcullis=/)
        }
      })

      test('sends a form with its body, and paths as they are', async () => {
        const visiting = await entered()

        const posted = await visiting.browser.request('POST', '/a%20b/c?d=%2F', {
          headers: { ...NAVIGATION, 'content-type': 'text/plain' },
          body: 'the body',
        })

        const { method, url, body } = seen(posted.body)
        assert.deepEqual({ method, url, body }, { method: 'POST', url: '/a%20b/c?d=%2F', body: 'the body' })
      })

      test('who may not enter any more is told why at the gate, and nothing reaches the application', async () => {
        const event = ENDING_EVENTS.find(({ status }) => status === 403)
        assert.ok(event)
        const person = await addVisitor(cast, event)
        const visiting = visitor()
        await visiting.enter(person.browser)
        await event.happens(cast, person, [])
        const before = echo.seen.length

        const { status, location, body } = await visiting.asks()

        if (name === 'caddy') {
          assert.equal(status, 403)
          assert.match(body, /not open to your role groups/)
        } else {
          assert.equal(status, 302)
          const { pathname, search } = new URL(location ?? '')
          const page = await person.browser.get(pathname + search)
          assert.equal(page.status, 403)
          assert.match(page.body, /not open to your role groups/)
        }
        assert.equal(echo.seen.length, before)
      })
    })

    describe('a request of a program without a pass', () => {
      for (const [title, method, headers] of [
        ['fetch', 'GET', FETCH],
        ['a form', 'POST', NAVIGATION],
      ] as const)
        test(`${title} is answered 401 without a way back`, async () => {
          const {
            status,
            location,
            headers: answered,
          } = await visitor().browser.request(method, '/', { headers })

          assert.equal(status, 401)
          assert.equal(location, null)
          assert.equal(answered.get('hx-redirect'), null)
        })

      test('htmx is sent to sign in, and back to the page around', async () => {
        const around = `https://${hosts.reportsHost}/page?a=b`
        const headers = { ...FETCH, 'hx-request': 'true', 'hx-current-url': around }

        const { status, headers: answered } = await visitor().asks('/part', headers)

        assert.equal(status, 401)
        const begin = new URL(answered.get('hx-redirect') ?? '')
        assert.equal(begin.host, hosts.reportsHost)
        assert.equal(begin.searchParams.get('next'), '/page?a=b')
      })
    })

    describe('what a client makes up', () => {
      test('of the identity does not reach the application', async () => {
        const visiting = await entered()
        const forged = Object.fromEntries(
          IDENTITY.flatMap((header) => [
            [`X-Portcullis-${header}`, 'forged'],
            [`x_portcullis_${header}`, 'forged'],
            [`X_Portcullis-${header}`, 'forged'],
          ]),
        )

        const { status, body } = await visiting.asks('/', { ...NAVIGATION, ...forged })

        assert.equal(status, 200)
        assert.doesNotMatch(body, /forged/)
        assert.equal(seen(body).headers['x-portcullis-email'], TECH)
      })

      test('does not remove the identity by the Connection header', async () => {
        const visiting = await entered()

        for (const header of IDENTITY) {
          const connection = `close, X-Portcullis-${header}`
          const { status, body } = await visiting.asks('/', { ...NAVIGATION, connection })
          assert.equal(status, expected.hop)
          if (status === 200) assert.ok(seen(body).headers[`x-portcullis-${header}`])
        }
      })

      test('of X-Forwarded does not make it another request', async () => {
        const visiting = visitor(hosts.ledgerHost)
        const own = await entered(FINANCE)
        // The pass is one for the other host.
        visiting.browser.cookies.set('__Host-portcullis', own.browser.cookies.get('__Host-portcullis') ?? '')
        const forged = {
          'x-forwarded-host': hosts.reportsHost,
          'x-forwarded-uri': '/',
          'x-forwarded-method': 'GET',
          'x-original-url': '/',
          forwarded: `host=${hosts.reportsHost}`,
        }

        assert.equal((await visiting.asks('/', { ...NAVIGATION, ...forged })).status, 302)
        assert.equal((await visiting.asks('/', { ...FETCH, ...forged })).status, 401)
        const { body } = await own.asks('/', {
          ...NAVIGATION,
          ...forged,
          'x-forwarded-host': hosts.ledgerHost,
        })
        assert.equal(seen(body).headers['x-portcullis-email'], FINANCE)
      })

      test('of a second cookie of the name, as a sibling host may set it, makes the pass count as none', async () => {
        const visiting = await entered()
        const pass = visiting.browser.cookies.get('__Host-portcullis')
        const toss = `__Host-portcullis=${'A'.repeat(43)}`

        for (const cookie of [`${toss}; __Host-portcullis=${pass}`, `__Host-portcullis=${pass}; ${toss}`])
          assert.equal((await visiting.asks('/', { ...FETCH, cookie })).status, 401)
      })

      for (const path of [
        '/public/..%2fadmin',
        '/a//b',
        '/%2e%2e/admin',
        '/a;b',
        '/a%5cb',
        '/a%00b',
        '/./a',
        '/../a',
      ])
        test(`of a path that is read differently, ${path}, is refused or arrives as it was judged`, async () => {
          const visiting = await entered()

          const { status, body } = await visiting.asks(path, FETCH)

          // A proxy that resolves it first also asks about the resolved one.
          if (status === 200) assert.doesNotMatch(seen(body).url, /\/\/|\/\.|%2e|%2f|%5c|%00|;/i)
          else assert.ok([400, 403].includes(status), String(status))
        })
    })

    describe('a pass', () => {
      test('of another host opens nothing', async () => {
        const own = await entered()
        const elsewhere = visitor(hosts.ledgerHost)
        for (const [cookie, value] of own.browser.cookies) elsewhere.browser.cookies.set(cookie, value)

        assert.equal((await elsewhere.asks('/', FETCH)).status, 401)
      })

      test('is not given to a browser that opens the link of another', async () => {
        const own = visitor()
        const callback = leadsTo(await cast.as(TECH).get(await own.begin()))
        const victim = visitor()
        await victim.begin()

        assert.equal((await victim.visit(callback)).status, 400)
        assert.equal((await victim.asks('/', FETCH)).status, 401)
      })

      test('is given once, also to 20 requests at once', async () => {
        const visiting = visitor()
        const callback = leadsTo(await cast.as(TECH).get(await visiting.begin()))

        const answers = await Promise.all(Array.from({ length: 20 }, () => visiting.visit(callback)))

        assert.deepEqual(answers.map(({ status }) => status).sort(), [303, ...Array(19).fill(400)])
      })
    })

    test('the decisions of the gate are not open to the world', async () => {
      const world = visitor(hosts.gateHost)
      const headers = {
        'x-forwarded-host': hosts.reportsHost,
        'x-forwarded-uri': '/',
        'x-forwarded-method': 'GET',
      }

      for (const path of ['/auth-request', '/forward-auth', '/auth-request?a=b'])
        assert.equal((await world.asks(path, headers)).status, 404)
      assert.equal((await world.asks('/sign-in')).status, 200)
    })

    test('a request for a host that no application has goes nowhere', async () => {
      const before = echo.seen.length

      // Caddy has no certificate for it, and refuses the connection.
      const answer = await visitor(`other.localhost:${port}`)
        .asks('/')
        .catch((error: Error) => error)

      assert.ok(answer instanceof Error || answer.status === 421)
      assert.equal(echo.seen.length, before)
    })

    describe('a WebSocket', () => {
      test('opens with a pass', async () => {
        const visiting = await entered()
        const cookie = `__Host-portcullis=${visiting.browser.cookies.get('__Host-portcullis')}`

        const socket = await openWebSocket(port, hosts.reportsHost, cookie)

        assert.match(socket.answer, /^HTTP\/1\.1 101 /)
        assert.match(socket.answer, /hello/)
        socket.close()
      })

      test('does not open without one', async () => {
        const before = echo.seen.length

        const socket = await openWebSocket(port, hosts.reportsHost, 'a=b')

        assert.match(socket.answer, /^HTTP\/1\.1 401 /)
        assert.equal(echo.seen.length, before)
        socket.close()
      })
    })

    describe('while the gate', () => {
      afterEach(() => {
        relay.mode = 'passes'
      })
      for (const mode of ['hangs', 'refuses'] as const)
        test(`${mode}, no request passes, and each is answered within seconds`, async () => {
          const visiting = await entered()
          assert.equal((await visiting.asks()).status, 200)
          const before = echo.seen.length
          relay.mode = mode
          const since = performance.now()

          const { status } = await visiting.asks()

          assert.ok(expected.gateAway.includes(status), String(status))
          assert.ok(performance.now() - since < 6000)
          assert.equal(echo.seen.length, before)
          relay.mode = 'passes'
          assert.equal((await visiting.asks()).status, 200)
        })
    })

    describe('a person is refused at the next request after', () => {
      for (const event of ENDING_EVENTS)
        test(event.title, async () => {
          const person = await addVisitor(cast, event)
          const visiting = visitor()
          await visiting.enter(person.browser)
          assert.equal((await visiting.asks('/', FETCH)).status, 200)
          const before = echo.seen.length

          await event.happens(cast, person, applicationIds.slice(0, 1))
          const { status } = await visiting.asks('/', FETCH)
          await cast.app.deps.sql`update applications set disabled_at = null`

          assert.equal(status, event.status)
          assert.equal(echo.seen.length, before)
        })
    })

    describe('the application of the document, which verifies the assertion,', () => {
      async function personReader(host = hosts.reportsHost) {
        const file = pathToFileURL(join(PROJECT_ROOT, 'docs', 'applications', 'example-application.mjs')).href
        const example = (await import(file)) as {
          personReader(options: object): (request: object) => Promise<Record<string, unknown>>
        }
        return example.personReader({
          gate: cast.app.deps.config.PUBLIC_URL,
          host,
          jwks: `${cast.app.origin}/oidc/jwks`,
          now: () => cast.app.clock.now(),
        })
      }
      const arrived = async () => seen((await (await entered()).asks()).body)

      test('knows who asks', async () => {
        const { email, groups, acr } = await (await personReader())(await arrived())

        assert.deepEqual([email, groups, acr], [TECH, ['tech-operator'], 'urn:portcullis:mfa'])
      })

      test('refuses a request that reaches it around the proxy', async () => {
        const read = await personReader()

        await assert.rejects(read({ headers: {} }))
        await assert.rejects(
          read({ headers: { 'x-portcullis-user': 'admin', 'x-portcullis-groups': 'admin' } }),
        )
      })

      test('refuses an assertion for another host', async () => {
        const request = await arrived()

        await assert.rejects((await personReader(hosts.ledgerHost))(request), /"aud"/)
      })

      test('refuses an assertion after its minute', async () => {
        const request = await arrived()
        cast.app.clock.advance(MINUTE + 1000)

        await assert.rejects((await personReader())(request), /"exp"/)
      })

      test('refuses an assertion that was changed', async () => {
        const { headers } = await arrived()
        const [head = '', , signature] = String(headers['x-portcullis-assertion']).split('.')
        const forged = Buffer.from(JSON.stringify({ sub: 'admin', aud: hosts.reportsHost })).toString(
          'base64url',
        )

        await assert.rejects(
          (await personReader())({ headers: { 'x-portcullis-assertion': `${head}.${forged}.${signature}` } }),
        )
      })
    })

    describe('a session', () => {
      async function touches(email: string): Promise<number> {
        const [row] = await cast.app.deps.sql<[{ at: string }]>`
          select max(touched_at) as at from sessions join users on users.id = user_id where email = ${email}`
        return new Date(row.at).getTime()
      }
      async function newcomer() {
        const { email } = await cast.people.add('Harbour Group', ['finance-operator'])
        const gate = visitor(hosts.gateHost).browser
        assert.equal((await gate.signInWithPassword(email)).location, '/')
        const visiting = visitor()
        await visiting.enter(gate)
        return { email, visiting, gate }
      }

      test('is kept alive by requests of any kind, also at the gate itself, and written once a minute at most', async () => {
        const { email, visiting, gate } = await newcomer()
        for (let quarters = 0; quarters < 4; quarters += 1) {
          cast.app.clock.advance(15 * MINUTE)
          const headers = quarters % 2 === 0 ? NAVIGATION : FETCH
          assert.equal((await visiting.asks('/', headers)).status, 200)
        }
        const last = await touches(email)
        cast.app.clock.advance(MINUTE - 1000)
        for (let asked = 0; asked < 5; asked += 1) await visiting.asks('/', FETCH)
        assert.equal(await touches(email), last, 'not within a minute')
        cast.app.clock.advance(1000)
        await visiting.asks('/', FETCH)
        assert.equal(await touches(email), last + MINUTE)

        assert.equal((await gate.get('/')).status, 200)
      })

      test('ends after half an hour without a request, and the next one leads to sign-in', async () => {
        const { visiting, gate } = await newcomer()
        cast.app.clock.advance(29 * MINUTE)
        assert.equal((await visiting.asks()).status, 200)
        const before = echo.seen.length

        cast.app.clock.advance(30 * MINUTE)

        assert.equal((await visiting.asks('/', FETCH)).status, 401)
        assert.equal((await visiting.asks()).status, 302)
        assert.equal(echo.seen.length, before)
        assert.match((await gate.get('/')).location ?? '', /^\/sign-in/)
      })
    })

    describeBrowser()

    function describeBrowser() {
      let chromium: Chromium
      before(async () => {
        chromium = await sharedBrowser()
      })
      after(() => closeWindows(chromium))
      for (const javaScriptEnabled of [true, false])
        test(`in Chromium with JavaScript ${javaScriptEnabled ? 'on' : 'off'}, a person signs in on the way to a page of the application, and arrives there`, async () => {
          const { id, email } = await cast.people.add('Harbour Group', ['tech-operator'])
          const phone = new Phone(cast.app.clock)
          phone.remember(await cast.people.enrol(id))
          const context = await chromium.newContext({ javaScriptEnabled, ignoreHTTPSErrors: true })
          context.setDefaultTimeout(15_000)
          const page = await context.newPage()
          const problems: string[] = []
          page.on('console', (message) => {
            if (['error', 'warning'].includes(message.type())) problems.push(message.text())
          })
          const wanted = `https://${hosts.reportsHost}/page?year=2026`

          await page.goto(wanted)
          await page.getByLabel('E-mail address', { exact: true }).fill(email)
          await page.getByLabel('Password', { exact: true }).fill(DEMO_PASSWORD)
          await page.getByRole('button', { name: 'Sign in', exact: true }).click()
          await page.waitForURL('**/mfa/verify')
          await page.getByLabel('Code', { exact: true }).fill(phone.code())
          // With JavaScript the sixth digit sends the form.
          if (!javaScriptEnabled) await page.locator('form:has(#code) [type=submit]').click()
          await page.waitForURL(wanted)

          assert.equal(await page.getByRole('heading').textContent(), `Reports of ${email}`)
          assert.deepEqual(problems, [])
          const cookies = (await context.cookies(wanted)).filter(({ name }) => name.includes('portcullis'))
          for (const { httpOnly, secure, domain } of cookies)
            assert.deepEqual(
              { httpOnly, secure, domain },
              { httpOnly: true, secure: true, domain: 'reports.apps.localhost' },
            )
          if (javaScriptEnabled) {
            const part = page.waitForResponse('**/part')
            await page.getByRole('button', { name: 'Load' }).click()
            assert.equal((await part).status(), 200)
          }

          // Signing out at the application leads to the gate, which asks.
          await page.getByRole('button', { name: 'Sign out' }).click()
          await page.waitForURL(`https://${hosts.gateHost}/sign-out`)
          await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
          await page.waitForURL(`https://${hosts.gateHost}/sign-in`)
          await page.goto(wanted)
          assert.match(page.url(), /\/sign-in\?next=/)
          await context.close()
        })

      test('in Chromium, htmx leads to sign-in when the session has ended, and a sibling host cannot toss a pass', async () => {
        const { email } = await cast.people.add('Harbour Group', ['finance-operator'])
        const context = await chromium.newContext({ ignoreHTTPSErrors: true })
        context.setDefaultTimeout(15_000)
        const page = await context.newPage()
        await page.goto(`https://${hosts.reportsHost}/page`)
        await page.getByLabel('E-mail address', { exact: true }).fill(email)
        await page.getByLabel('Password', { exact: true }).fill(DEMO_PASSWORD)
        await page.getByRole('button', { name: 'Sign in', exact: true }).click()
        await page.waitForURL(`https://${hosts.reportsHost}/page`)

        const sibling = await context.newPage()
        await sibling.goto(`https://${hosts.ledgerHost}/page`)
        await sibling.waitForURL(`https://${hosts.ledgerHost}/page`)
        const tossed = await sibling.evaluate(
          `document.cookie = '__Host-portcullis=${'A'.repeat(43)}; Domain=apps.localhost; Path=/; Secure'; document.cookie`,
        )
        assert.doesNotMatch(String(tossed), /__Host-portcullis/)
        // Without the prefix it is tossed, and counts for nothing.
        await sibling.evaluate(
          `document.cookie = 'portcullis=${'A'.repeat(43)}; Domain=apps.localhost; Path=/; Secure'`,
        )
        await page.reload()
        assert.equal(await page.getByRole('heading').textContent(), `Reports of ${email}`)

        await cast.app.deps
          .sql`delete from sessions where user_id = (select id from users where email = ${email})`
        await page.getByRole('button', { name: 'Load' }).click()
        await page.waitForURL(`https://${hosts.gateHost}/sign-in**`)
        assert.match(decodeURIComponent(decodeURIComponent(page.url())), /next=\/page/)
        await context.close()
      })
    }
  })
}

async function openWebSocket(port: number, host: string, cookie: string) {
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    servername: host.replace(/:\d+$/, ''),
  })
  await once(socket, 'secureConnect')
  const head = [
    'GET /socket HTTP/1.1',
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-Fetch-Mode: websocket',
    `Cookie: ${cookie}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  let answer = ''
  const complete = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (answer.includes('hello') || !answer.startsWith('HTTP/1.1 101')) resolve()
    })
    socket.once('close', () => resolve())
  })
  await complete
  return { answer, close: () => socket.destroy() }
}
