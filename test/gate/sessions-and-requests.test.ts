// Rules of every request and every session.
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { after, before, describe, mock, test } from 'node:test'
import { and, eq, isNotNull } from 'drizzle-orm'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { memberships, mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { HOUR, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { judged } from '../support/judged.ts'
import { People } from '../support/people.ts'

let app: TestApp
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
})
after(() => app.close())

const sid = (browser: Browser) => browser.cookies.get('sid')

describe('the session', () => {
  test('a session gets a new id when the password and when the code is accepted, and the older ids are dead', async () => {
    const user = app.browser()
    user.cookies.set('sid', 's%3Aplanted.signature')
    await user.signInWithPassword('tech@harbour.example')
    const first = sid(user)
    await user.enrol()
    const second = sid(user)
    await user.verify(user.nextCode())
    const third = sid(user)

    assert.equal(new Set(['s%3Aplanted.signature', first, second, third]).size, 4)
    for (const old of [first, second]) {
      const thief = app.browser()
      thief.cookies.set('sid', old ?? '')
      assert.equal((await thief.get('/')).location, '/sign-in')
    }
  })

  test('a session dies on the server with sign-out', async () => {
    const user = app.browser()
    await user.signInWithPassword('finance@harbour.example')
    const copied = sid(user)

    const answer = await user.post('/sign-out')

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/sign-in')
    assert.equal(sid(user), undefined)
    await user.get('/account')
    assert.doesNotMatch(
      (await user.get('/sign-in')).body,
      /You are signed out: your session/,
      'they ended it themselves',
    )
    const thief = app.browser()
    thief.cookies.set('sid', copied ?? '')
    assert.equal((await thief.get('/')).location, '/sign-in')
  })

  test('a session lasts while it is used, however short the idle limit', async () => {
    const hasty = await startApp({ SESSION_IDLE: '20s' })
    const user = hasty.browser()
    await user.signInWithPassword('finance@harbour.example')
    for (let clicks = 0; clicks < 3; clicks += 1) {
      hasty.clock.advance(15 * SECOND)
      assert.equal((await user.get('/')).status, 200)
    }
    hasty.clock.advance(20 * SECOND)
    assert.equal((await user.get('/')).location, '/sign-in')
    await hasty.close()
  })

  test('a session ends after 30 idle minutes, and after 12 hours in any case', async () => {
    const idle = app.browser()
    await idle.signInWithPassword('finance@harbour.example')
    app.clock.advance(29 * MINUTE)
    assert.equal((await idle.get('/')).status, 200)
    app.clock.advance(31 * MINUTE)
    assert.equal((await idle.get('/')).location, '/sign-in')
    assert.match(
      (await idle.get('/sign-in')).body,
      /You are signed out: your session was not used for too long/,
    )

    const busy = app.browser()
    await busy.signInWithPassword('finance@harbour.example')
    for (let minutes = 0; minutes < 12 * 60 - 20; minutes += 20) {
      app.clock.advance(20 * MINUTE)
      assert.equal((await busy.get('/')).status, 200)
    }
    app.clock.advance(20 * MINUTE)
    assert.equal((await busy.get('/')).location, '/sign-in')
  })

  test('viewing pages writes a session at most once a minute', async () => {
    const user = app.browser()
    await user.signInWithPassword('finance@harbour.example')
    const { id } = await app.userNamed('finance@harbour.example')
    const touched = async () =>
      (await app.deps.db.select().from(sessions).where(eq(sessions.userId, id))).map((row) =>
        row.touchedAt.getTime(),
      )
    const before = await touched()

    await user.get('/')
    app.clock.advance(59_000)
    await user.get('/')

    assert.deepEqual(await touched(), before)
  })

  test('no request waits at the gate while other sessions are being ended', async () => {
    const [one, two, other] = [app.browser(), app.browser(), app.browser()]
    const emails = ['admin@meridian.example', 'tech@meridian.example']
    for (const [i, user] of [one, two].entries()) await user.signInWithPassword(emails[i] ?? '')
    await other.signInWithPassword('finance@harbour.example')
    app.clock.advance(2 * MINUTE)
    const { sql } = app.deps
    let leaving: Promise<Answer>[] = []
    await sql.begin(async (ending) => {
      await ending`delete from sessions where user_id in (select id from users where email in ${sql(emails)})`

      assert.equal((await one.get('/')).status, 200, 'not even those whose sessions they are')
      leaving = [one.post('/sign-out'), two.post('/sign-out')]
      await awaitWaiters(sql, leaving.length)
      const answers = await Promise.all(Array.from({ length: 6 }, () => other.get('/')))
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    })

    for (const { status } of await Promise.all(leaving)) assert.equal(status, 303)
  })

  test('the session cookie is HttpOnly, SameSite, for the whole origin only, and set once', async () => {
    const user = app.browser()

    const answer = await user.signInWithPassword('finance@harbour.example')

    const cookies = answer.headers.getSetCookie().filter((cookie) => cookie.startsWith('sid='))
    assert.equal(cookies.length, 1)
    assert.match(cookies[0] ?? '', /^sid=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  test('behind https the session cookie has the __Host- prefix and is Secure', async () => {
    const secure = await startApp({ PUBLIC_URL: 'https://dashboard.example', TRUST_PROXY: 'loopback' })
    try {
      const answer = await secure
        .browser()
        .post(
          '/sign-in',
          { email: 'finance@harbour.example', password: 'demo-password-please-change' },
          { 'x-forwarded-proto': 'https' },
        )
      const [cookie = ''] = answer.headers.getSetCookie().filter((cookie) => cookie.includes('sid='))
      assert.match(cookie, /^__Host-sid=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
      assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age=/)
    } finally {
      await secure.close()
    }
  })

  test('behind https the cookies of the session and of the notice are Secure', async () => {
    const secure = await startApp({ PUBLIC_URL: 'https://dashboard.example', TRUST_PROXY: 'loopback' })
    try {
      const answer = await secure.browser().post('/sign-out', {}, { 'x-forwarded-proto': 'https' })
      const [session = '', notice = ''] = answer.headers.getSetCookie()
      assert.match(
        session,
        /^__Host-sid=; Path=\/; Expires=Thu, 01 Jan 1970 .*; HttpOnly; Secure; SameSite=Lax$/,
      )
      assert.match(
        notice,
        /^notice=signed-out; Max-Age=10; Path=\/sign-in; .*HttpOnly; Secure; SameSite=Lax$/,
      )
    } finally {
      await secure.close()
    }
  })

  test('a half-way sign-in lives 10 minutes', async () => {
    const user = app.browser()
    await user.signInWithPassword('admin@harbour.example')
    await user.scanKey()
    app.clock.advance(10 * MINUTE + 1)

    const answer = await user.post('/mfa/enrol', { code: user.code() })

    assert.equal(answer.location, '/sign-in')
  })

  test('the code of one user does not open the half-way sign-in of another', async () => {
    const other = app.browser()
    const tech = app.browser()
    await tech.enrolAndSignIn('tech@online.harbour.example')
    const admin = app.browser()
    await admin.enrolAndSignIn('admin2@harbour.example')
    await other.signInWithPassword('admin2@harbour.example')
    app.clock.advance(30_000)

    const answer = await other.post('/mfa/verify', {
      code: tech.code(),
      userId: (await app.userNamed('tech@online.harbour.example')).id,
      email: 'tech@online.harbour.example',
    })

    assert.equal(answer.status, 401)
    assert.equal((await other.get('/')).location, '/mfa/verify')
  })

  test('a policy change holds open sessions at their next request', async () => {
    const user = app.browser()
    await user.signInWithPassword('support@harbour.example')
    assert.equal((await user.get('/')).status, 200)
    const { clientId } = await app.userNamed('support@harbour.example')
    const [group] = await app.deps.db
      .select()
      .from(roleGroups)
      .where(eq(roleGroups.key, 'customer-service-operator'))
    assert.ok(group)

    await app.deps.db.insert(mfaPolicies).values({ clientId, roleGroupId: group.id })

    assert.equal((await user.get('/')).location, '/mfa/enrol')
  })

  test('a role change holds open sessions at their next request', async () => {
    const user = app.browser()
    await user.signInWithPassword('finance@harbour.example')
    const { id } = await app.userNamed('finance@harbour.example')
    const [tech] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, 'tech-operator'))
    assert.ok(tech)

    await app.deps.db.insert(memberships).values({ userId: id, roleGroupId: tech.id })
    assert.equal((await user.get('/')).location, '/mfa/enrol')
    await app.deps.db.delete(memberships).where(eq(memberships.userId, id))

    assert.equal(
      (await user.get('/')).location,
      '/mfa/enrol',
      'no role group at all is no reason to let anybody in',
    )
  })

  test('an enrolled user is asked for a code even if no role group requires it any more', async () => {
    const user = app.browser()
    const email = 'tech@retail.harbour.example'
    await user.enrolAndSignIn(email)
    const { clientId } = await app.userNamed(email)
    await app.deps.db.delete(mfaPolicies).where(eq(mfaPolicies.clientId, clientId))
    assert.equal((await user.get('/')).status, 200)
    await user.post('/sign-out')

    assert.equal((await user.signIn(email)).location, '/')
  })

  describe('requests under way while their session is ended', () => {
    /** Lets a request wait at its work, past the gate, while the row of its session is deleted; returns its answer. */
    async function endDuring(send: () => Promise<Answer>, userId: string, work: string): Promise<Answer> {
      const { sql, db } = app.deps
      let answer: Promise<Answer> | undefined
      await sql.begin(async (holding) => {
        await holding.unsafe(work)
        answer = send()
        await awaitWaiters(sql)
        await db.delete(sessions).where(eq(sessions.userId, userId))
      })
      assert.ok(answer)
      return answer
    }

    async function assertGone(user: Browser, userId: string): Promise<void> {
      assert.equal((await user.get('/')).location, '/sign-in')
      assert.equal(await app.deps.db.$count(sessions, eq(sessions.userId, userId)), 0)
    }

    test('a request under way does not bring its ended session back by extending it', async () => {
      const user = app.browser()
      await user.signInWithPassword('admin@meridian.example')
      const { id } = await app.userNamed('admin@meridian.example')
      app.clock.advance(2 * MINUTE)

      const hold = 'lock table audit_events in access exclusive mode'
      assert.equal((await endDuring(() => user.get('/account'), id, hold)).status, 200)

      await assertGone(user, id)
    })

    test('a request under way does not bring its ended session back by the new id of a right code', async () => {
      const people = new People(app)
      const { id, email } = await people.add('Harbour Group', ['tech-operator'])
      const user = app.browser()
      user.secret = await people.enrol(id)
      assert.equal((await user.signInWithPassword(email)).location, '/mfa/verify')
      const before = sid(user)

      const hold = `select from authenticators where user_id = '${id}' for update`
      const { status } = await endDuring(() => user.verify(), id, hold)

      assert.equal(status, 303)
      await assertGone(user, id)
      const withOldId = app.browser()
      withOldId.cookies.set('sid', before ?? '')
      await assertGone(withOldId, id)
    })

    test('a request under way does not bring its ended session back by a step-up', async () => {
      const user = app.browser()
      await user.signInWithPassword('admin@meridian.example')
      const { id } = await app.userNamed('admin@meridian.example')
      app.clock.advance(11 * MINUTE)
      const proven = { presence: 'demo-password-please-change' }

      const hold = 'lock table lockouts in exclusive mode'
      await endDuring(() => user.post('/account/sessions/end-others', proven), id, hold)

      await assertGone(user, id)
    })
  })
})

describe('data that cannot be read', () => {
  test('a request is answered 503 while role groups, policies, authenticators or accounts cannot be read', async () => {
    const user = app.browser()
    await user.signInWithPassword('tech@meridian.example')
    for (const table of ['memberships', 'mfa_policies', 'authenticators', 'clients']) {
      await app.database.sql.unsafe(`alter table ${table} rename to ${table}_away`)
      try {
        const answer = await user.get('/')
        assert.equal(answer.status, 503, table)
        assert.doesNotMatch(answer.body, /Meridian/)
      } finally {
        await app.database.sql.unsafe(`alter table ${table}_away rename to ${table}`)
      }
    }
    assert.equal((await user.get('/')).status, 200)
  })

  test('a failing page and its session print nothing, and the connection lives on', async () => {
    const user = app.browser()
    await user.signInWithPassword('tech@meridian.example')
    app.clock.advance(2 * MINUTE)
    const { sql } = app.deps
    const printed = mock.method(console, 'error', () => {})
    await sql.unsafe(`
      create function fails() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger fails before update on sessions execute function fails();
      alter table audit_events rename to audit_events_away`)
    try {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const cookie = [...user.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const ask = (path: string) =>
        new Promise<number>((resolve, reject) => {
          request(new URL(path, app.origin), { agent, headers: { cookie } }, (res) =>
            res.resume().once('end', () => resolve(res.statusCode ?? 0)),
          )
            .once('error', reject)
            .end()
        })

      assert.deepEqual(await Promise.all([ask('/account'), ask('/healthz')]), [500, 200])
      agent.destroy()
    } finally {
      await sql.unsafe(`
        drop trigger fails on sessions;
        drop function fails;
        alter table audit_events_away rename to audit_events`)
      mock.reset()
    }
    assert.equal(printed.mock.callCount(), 0)
  })

  test('a secret sealed for another authenticator, or with a missing key, is answered 503', async () => {
    const user = app.browser()
    const email = 'desk@platform.example'
    await user.enrolAndSignIn(email)
    await user.post('/sign-out')
    await user.signInWithPassword(email)
    const { id } = await app.userNamed(email)
    await app.deps.db
      .update(authenticators)
      .set({ sealedSecret: Buffer.from('0102030405', 'hex') })
      .where(eq(authenticators.userId, id))

    for (let attempt = 1; attempt <= 6; attempt += 1)
      assert.equal((await user.verify(user.nextCode())).status, 503)

    assert.equal((await user.get('/')).location, '/mfa/verify')
    const spent = await app.deps.db.$count(
      lockouts,
      and(eq(lockouts.subject, id), isNotNull(lockouts.lockedUntil)),
    )
    assert.equal(spent, 0, 'a fault of ours spends no attempt')
  })
})

test('a process is not ready on a database that was never migrated', async () => {
  const { sql } = app.deps
  assert.equal((await app.browser().get('/readyz')).status, 200)
  await sql`alter schema public rename to elsewhere`
  assert.equal((await app.browser().get('/readyz')).status, 503)
  await sql`alter schema elsewhere rename to public`
  assert.equal((await app.browser().get('/readyz')).status, 200)
})

describe('requests from other sites', () => {
  const fields = { email: 'finance@harbour.example', password: 'demo-password-please-change' }
  const refused: Record<string, Record<string, string>> = {
    'cross-site': { 'sec-fetch-site': 'cross-site' },
    'same-site': { 'sec-fetch-site': 'same-site' },
    'a foreign Origin': { 'sec-fetch-site': '', origin: 'https://evil.example' },
    'a null Origin': { 'sec-fetch-site': '', origin: 'null' },
    'neither header': { 'sec-fetch-site': '' },
    'only HX-Request': { 'sec-fetch-site': '', 'hx-request': 'true' },
    'cross-site in spite of our Origin': { 'sec-fetch-site': 'cross-site', origin: 'OURS' },
  }

  for (const [name, headers] of Object.entries(refused))
    test(`unsafe methods with ${name} are refused`, async () => {
      const sent = Object.fromEntries(
        Object.entries({ 'content-type': 'application/x-www-form-urlencoded', ...headers })
          .filter(([, value]) => value !== '')
          .map(([header, value]) => [header, value === 'OURS' ? app.origin : value]),
      )
      for (const path of ['/sign-in', '/mfa/enrol', '/mfa/verify', '/sign-out', '/nowhere']) {
        const answer = await app
          .browser()
          .request('POST', path, { headers: sent, body: new URLSearchParams(fields).toString() })
        assert.equal(answer.status, 403, path)
        assert.equal(answer.headers.getSetCookie().length, 0)
      }
    })

  test('an old browser that sends only our Origin is served', async () => {
    const answer = await app.browser().request('POST', '/sign-in', {
      headers: { origin: app.origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })
    assert.equal(answer.status, 303)
  })

  test('a foreign name that points at this machine (DNS rebinding) is refused', async () => {
    const { port } = new URL(app.origin)
    const status = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request(`${app.origin}/sign-in`, {
          method: 'POST',
          headers: {
            host: `${host}:${port}`,
            origin: `http://${host}:${port}`,
            'sec-fetch-site': 'same-origin',
            'content-type': 'application/x-www-form-urlencoded',
          },
        })
        sent.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject)
        sent.end(new URLSearchParams(fields).toString())
      })

    assert.equal(await status('evil.example'), 403)
    for (const host of ['localhost', '127.0.0.1', '[::1]']) assert.equal(await status(host), 303, host)
  })

  test('a NUL in a request causes no error', async () => {
    for (const path of ['/sign-in', '/forgot-password'])
      assert.ok(
        (await app.browser().post(path, { ...fields, email: 'fin\0@harbour.example' })).status < 500,
        path,
      )
    const admin = app.browser()
    await admin.signInWithPassword('admin@meridian.example')
    for (const query of ['q', 'role', 'status', 'after', 'mfa'])
      assert.ok([200, 400, 422].includes((await admin.get(`/users?${query}=a%00b`)).status), query)
  })

  test('a GET with a form’s fields changes nothing', async () => {
    const user = app.browser()
    await user.signInWithPassword('admin@harbour.example')
    await user.get('/mfa/enrol')
    const pending = () => app.deps.db.select().from(authenticators)
    const before = await pending()

    assert.equal((await user.get('/sign-out')).location, '/mfa/enrol')
    assert.equal((await user.get('/mfa/enrol/restart')).location, '/mfa/enrol')

    assert.equal((await user.get('/mfa/enrol')).status, 200, 'still signed in')
    assert.deepEqual(await pending(), before)
  })
})

describe('paths around the gate', () => {
  const PATHS = [
    '/',
    '//',
    '/.',
    '/%2e/',
    '/USERS',
    '/Users/',
    '/users/',
    '/users//',
    '/%75sers',
    '/mfa/../',
    '/mfa/%2e%2e/users',
    '/MFA/VERIFY',
    '/mfa/enrol/',
    '/mfa/enrol/..',
    '/index.html',
    '/api',
    '/admin',
    '/ops/queues',
    '/ops/metrics',
    '/.git/config',
    '/node_modules',
    '/static/../src/app.ts',
    '/static/%2e%2e/package.json',
  ]
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']
  const HEADERS = [
    {},
    { 'hx-request': 'true' },
    { accept: 'application/json' },
    {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'evil.example',
      'x-original-url': '/',
      'x-rewrite-url': '/',
    },
    { 'x-http-method-override': 'GET', 'x-forwarded-for': 'a' },
  ]

  /** Sent as written: fetch would tidy the path up. */
  function raw(
    method: string,
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; location: string | undefined; body: string }> {
    const { hostname, port } = new URL(app.origin)
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers, agent: false }, (res) => {
        let body = ''
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          body += chunk
        })
        res.on('end', () => resolve({ status: res.statusCode ?? 0, location: res.headers.location, body }))
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  for (const [stage, own, email] of [
    ['enrol', '/mfa/enrol', 'admin@harbour.example'],
    ['verify', '/mfa/verify', 'operator@platform.example'],
  ] as const)
    test(`from ${stage} no spelling, method or header leads anywhere but ${own}`, async () => {
      const user = app.browser()
      if (stage === 'verify') {
        await user.enrolAndSignIn(email)
        await user.post('/sign-out')
      }
      assert.equal((await user.signInWithPassword(email)).location, own)
      const cookie = `sid=${sid(user)}`

      for (const path of PATHS)
        for (const method of METHODS)
          for (const extra of HEADERS) {
            const answer = await raw(method, path, { cookie, 'sec-fetch-site': 'same-origin', ...extra })
            const name = `${method} ${path} ${JSON.stringify(extra)}`
            const isStatic = path.startsWith('/static/') && answer.status >= 400 && answer.status < 500
            assert.ok(isStatic || answer.status === 303 || answer.status === 400, `${name}: ${answer.status}`)
            if (answer.status === 303) assert.equal(answer.location, own, name)
            assert.doesNotMatch(answer.body, /createApp|"dependencies"/, name)
          }
    })

  test('a body of another kind is 415, an overlong one 413, and a broken one no 5xx', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
    const post = (body: string, headers: Record<string, string> = form) =>
      app.browser().request('POST', '/sign-in', { headers, body })

    assert.equal((await post('{"email":"a"}', { ...form, 'content-type': 'application/json' })).status, 415)
    assert.equal((await post('email=a', { ...form, 'content-type': 'text/plain' })).status, 415)
    assert.equal((await post(`email=${'a'.repeat(20_000)}`)).status, 413)
    assert.equal((await post('a=1&'.repeat(60))).status, 413)
    assert.equal((await post('email=%zz&password=%00')).status, 401)
    assert.equal((await post('email=a@b.example&email=c@d.example&password=x')).status, 422)
    assert.equal((await post('email[a]=b&password[$ne]=x')).status, 422)
    assert.equal((await post('')).status, 422)
  })

  test('malformed codes are refused and never crash', async () => {
    const user = app.browser()
    const email = 'desk2@platform.example'
    await user.enrolAndSignIn(email)
    await user.post('/sign-out')
    const odd = [
      '12345',
      '1234567',
      'abcdef',
      '-12345',
      '1e5000',
      '１２３４５６',
      '12 34',
      '\0\0\0\0\0\0',
      "' or 1=1",
      '%',
      '_'.repeat(500),
    ]
    for (const code of odd) {
      await user.signInWithPassword(email)
      const { status, location } = await user.verify(code)
      assert.ok(
        status === 401 || status === 429 || location === '/sign-in',
        `${JSON.stringify(code)}: ${status}`,
      )
      app.clock.advance(HOUR)
    }
    await user.signInWithPassword(email)
    assert.equal((await user.post('/mfa/verify', {})).status, 422)
    assert.equal(
      (
        await user.post('/mfa/verify', [
          ['code', '111111'],
          ['code', '222222'],
        ])
      ).status,
      422,
    )
  })

  test('every page and every error has the security headers and is never cached', async () => {
    const user = app.browser()
    await user.signInWithPassword('admin@meridian.example')
    const answers = [
      await app.browser().get('/sign-in'),
      await app.browser().get('/'),
      await user.get('/'),
      await user.get('/nowhere'),
      await app.browser().get('/activate/unknown'),
      await app.browser().request('POST', '/sign-in', { body: 'x' }),
      await user.get('/', { 'hx-request': 'true' }),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 303, 200, 404, 410, 403, 200],
    )
    for (const { headers } of answers) {
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.equal(headers.get('x-frame-options'), 'DENY')
      assert.equal(headers.get('x-powered-by'), null)
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe/)
    }
  })

  test('the requested page is kept through all stages', async () => {
    const user = app.browser()
    const first = await user.get('/account?tab=sessions')
    assert.equal(first.location, '/sign-in?next=%2Faccount%3Ftab%3Dsessions')
    const page = await user.get(first.location ?? '')
    assert.match(page.body, /action="\/sign-in\?next=%2Faccount%3Ftab%3Dsessions"/)

    await user.post(first.location ?? '', {
      email: 'admin@harbour.example',
      password: 'demo-password-please-change',
    })
    await user.enrol()

    assert.equal((await user.verify(user.nextCode())).location, '/account?tab=sessions')
  })

  test('an invalid address is answered like any other', async () => {
    for (const headers of [
      {},
      { 'HX-Current-URL': 'no address' },
      { 'HX-Current-URL': 'javascript:alert(1)' },
    ]) {
      const { port } = new URL(app.origin)
      const status = await new Promise<number | undefined>((resolve, reject) => {
        request({ port, host: '127.0.0.1', path: '//[', headers }, (res) => resolve(res.resume().statusCode))
          .once('error', reject)
          .end()
      })
      assert.equal(status, 303)
    }
  })

  test('a user who is signed out while a part of a page refreshes itself returns to the page', async () => {
    const page = `${app.origin}/users/0196f0c0-0000-7000-8000-000000000000?q=x`
    const answer = await app.browser().get('/users/0196f0c0-0000-7000-8000-000000000000/row', {
      'HX-Request': 'true',
      'HX-Current-URL': page,
    })
    assert.equal(
      answer.location,
      `/sign-in?next=${encodeURIComponent('/users/0196f0c0-0000-7000-8000-000000000000?q=x')}`,
    )
  })
})

test('a sign-out that is answered 503 has not ended the session', async () => {
  const slow = await startApp({ ANSWER_WITHIN: '2s' })
  try {
    const user = slow.browser()
    await judged(() => user.signInWithPassword('finance@harbour.example'))

    await slow.deps.sql.begin(async (holder) => {
      await holder`lock table audit_events in exclusive mode`
      assert.equal((await user.post('/sign-out')).status, 503)
      await awaitWaiters(slow.deps.sql, 0)
    })

    assert.equal(await slow.deps.db.$count(sessions), 1)
    assert.equal((await judged(() => user.post('/sign-out'))).location, '/sign-in')
    assert.equal(await slow.deps.db.$count(sessions), 0)
  } finally {
    await slow.close()
  }
})
