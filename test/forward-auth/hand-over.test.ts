// How a pass gets to the host of an application, and to no other browser.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { applicationUses } from '../../src/platform/db/schema/applications.ts'
import { passCodes, passes } from '../../src/platform/db/schema/passes.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { addApplication } from '../support/applications.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import { DEMO_PASSWORD, keyOn } from '../support/browser.ts'
import { ADMIN, Cast, DESK, EVIDENCE, FINANCE, TECH } from '../support/cast.ts'
import { FETCH, leadsTo, VisitorAtHost } from '../support/visitor-at-host.ts'

const HOST = 'reports.example'
const HOST2 = 'ledger.example'
const WITH_MFA = 'vault.example'
let cast: Cast
let applicationId: string
before(async () => {
  cast = await Cast.assemble([ADMIN, TECH, DESK], [FINANCE])
  await ensureSigningKeys(cast.app.deps)
  const add = (name: string, host: string, more = {}) =>
    addApplication(cast.app.deps.db, {
      name,
      way: 'forward-auth',
      host,
      address: `https://${host}/start`,
      ...more,
    })
  applicationId = (await add('Reports', HOST)).id
  await add('Ledger', HOST2)
  await add('Vault', WITH_MFA, { requiresMfa: true })
  await add('Finance only', 'finance.example', { roleGroups: ['finance-manager'] })
})
after(() => cast?.app.close())

const visitor = (host = HOST) => new VisitorAtHost(cast.app, host)

test('a person who is signed in at the gate gets a pass and is where they wanted to be', async () => {
  const visiting = visitor()

  assert.equal(await visiting.enter(cast.as(TECH), '/reports?a=b'), '/reports?a=b')

  assert.equal((await visiting.asks('/reports?a=b')).status, 200)
})

test('a person who is signed out signs in with password and code on the way, and comes back', async () => {
  const visiting = visitor()
  const browser = cast.app.browser()
  browser.secret = cast.as(TECH).secret

  const { location } = await browser.get(await visiting.begin('/reports'))
  assert.match(location ?? '', /^\/sign-in\?next=%2Faccess%3F/)
  await browser.post(location ?? '', { email: TECH, password: DEMO_PASSWORD })
  const verified = await browser.verify(browser.nextCode())
  assert.match(verified.location ?? '', /^\/access\?host=reports\.example&/)
  const callback = leadsTo(await browser.get(verified.location ?? ''))

  assert.equal((await visiting.visit(callback)).location, '/reports')
  assert.equal((await visiting.asks()).status, 200)
})

test('the way in is recorded, with the application, its user and the time of the first and last use', async () => {
  const { id } = await cast.app.userNamed(ADMIN)
  const began = cast.app.clock.now()
  await visitor().enter(cast.as(ADMIN))
  cast.app.clock.advance(MINUTE)
  await visitor().enter(cast.as(ADMIN))

  const [event] = await cast.people.eventsOf(id, 'application.entered')
  assert.equal(event?.outcome, 'success')
  assert.deepEqual(event?.details, { application: 'Reports', applicationId })
  const [use] = await cast.app.deps.db.select().from(applicationUses).where(eq(applicationUses.userId, id))
  assert.deepEqual(
    [use?.applicationId, use?.firstUsedAt, use?.lastUsedAt],
    [applicationId, began, cast.app.clock.now()],
  )
})

test('cookies are for the host alone, and not for its scripts', async () => {
  const visiting = visitor()
  const location = await visiting.begin()
  const begun = visiting.browser.last.headers.get('set-cookie') ?? ''
  await visiting.visit(leadsTo(await cast.as(TECH).get(location)))
  const pass = visiting.browser.last.headers.get('set-cookie') ?? ''

  for (const cookie of [begun, pass]) {
    assert.match(cookie, /; Path=\/;?/)
    assert.match(cookie, /; HttpOnly/)
    assert.match(cookie, /; SameSite=Lax/)
    assert.doesNotMatch(cookie, /Domain/i)
  }
  assert.doesNotMatch(pass, /Expires|Max-Age/i, 'the pass ends with the browser session')
})

test('two tabs that begin at once both get in', async () => {
  const visiting = visitor()
  const [one, two] = [await visiting.begin('/one'), await visiting.begin('/two')]
  const [first, second] = [leadsTo(await cast.as(TECH).get(one)), leadsTo(await cast.as(TECH).get(two))]

  assert.equal((await visiting.visit(first)).location, '/one')
  assert.equal((await visiting.asks()).status, 200)
  assert.equal((await visiting.visit(second)).location, '/two')
  assert.equal((await visiting.asks()).status, 200)
})

test('a browser that lost its pass gets a new one, and the old one of the session ends', async () => {
  const visiting = visitor()
  await visiting.enter(cast.as(TECH))
  const lost = visiting.browser.cookies.get('portcullis') ?? ''
  cast.app.clock.advance(MINUTE + SECOND)

  await visiting.enter(cast.as(TECH))

  assert.equal((await visiting.asks()).status, 200)
  visiting.browser.cookies.set('portcullis', lost)
  assert.equal((await visiting.asks()).status, 401)
})

describe('a link to the callback', () => {
  async function linkOf(email = TECH) {
    const visiting = visitor()
    return { visiting, callback: leadsTo(await cast.as(email).get(await visiting.begin('/reports'))) }
  }

  test('of an attacker opens nothing in the browser of a victim, and is used up', async () => {
    const { visiting, callback } = await linkOf()
    const victim = visitor()
    await victim.begin()

    const { status, body } = await victim.visit(callback)

    assert.equal(status, 400)
    assert.match(body, /This link no longer works/)
    assert.equal(victim.browser.cookies.has('portcullis'), false)
    assert.equal((await visiting.visit(callback)).status, 400)
  })

  test('opens nothing in a browser that began nothing', async () => {
    const { callback } = await linkOf()

    assert.equal((await visitor().visit(callback)).status, 400)
  })

  test('opens nothing a second time', async () => {
    const { visiting, callback } = await linkOf()
    assert.equal((await visiting.visit(callback)).status, 303)

    assert.equal((await visiting.visit(callback)).status, 400)
  })

  test('gives one pass if it is opened 20 times at once', async () => {
    const { visiting, callback } = await linkOf()
    const before = await cast.app.deps.db.$count(passes)

    const answers = await Promise.all(Array.from({ length: 20 }, () => visiting.visit(callback)))

    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, ...Array(19).fill(400)])
    assert.equal(await cast.app.deps.db.$count(passes), before + 1)
  })

  test('opens nothing after a minute', async () => {
    const { visiting, callback } = await linkOf()
    cast.app.clock.advance(MINUTE)

    assert.equal((await visiting.visit(callback)).status, 400)
  })

  test('opens nothing at another host', async () => {
    const { visiting, callback } = await linkOf()
    const elsewhere = visitor(HOST2)
    for (const [name, value] of visiting.browser.cookies) elsewhere.browser.cookies.set(name, value)

    assert.equal((await elsewhere.visit(callback)).status, 400)
  })

  test('opens nothing with two cookies of the name, one of a sibling host', async () => {
    const { visiting, callback } = await linkOf()
    const begun = visiting.browser.cookies.get('portcullis-begun')

    const { status } = await visiting.visit(callback, {
      cookie: `portcullis-begun=${begun}; portcullis-begun=${'A'.repeat(43)}`,
    })

    assert.equal(status, 400)
  })

  test('opens nothing after the session has ended', async () => {
    const { visiting, callback } = await linkOf(FINANCE)
    await cast.as(FINANCE).post('/sign-out')

    assert.equal((await visiting.visit(callback)).status, 400)
    await cast.comeBack(FINANCE)
  })

  test('leads a person who may no longer enter to the page that says why, without a pass', async () => {
    const visiting = visitor('finance.example')
    const callback = leadsTo(await cast.as(FINANCE).get(await visiting.begin('/')))
    const { sql } = cast.app.deps
    await sql`update applications set disabled_at = now() where host = 'finance.example'`

    const { status, location } = await visiting.visit(callback)
    const { status: refused, body } = await cast.as(FINANCE).get(await visiting.begin('/'))
    await sql`update applications set disabled_at = null where host = 'finance.example'`

    assert.deepEqual([status, location], [303, '/'])
    assert.equal(visiting.browser.cookies.has('portcullis'), false)
    assert.equal(refused, 403)
    assert.match(body, /switched off for everyone/)
  })

  for (const code of ['', 'short', 'A'.repeat(43), "' or 1=1"])
    test(`with the code '${code}' opens nothing`, async () => {
      const visiting = visitor()
      await visiting.begin()

      const query = new URLSearchParams({ code, next: '/' })
      assert.equal((await visiting.visit(`/.portcullis/callback?${query}`)).status, 400)
    })

  test('with two codes opens nothing', async () => {
    const { visiting, callback } = await linkOf()

    assert.equal((await visiting.visit(`${callback}&code=${'A'.repeat(43)}`)).status, 400)
  })

  test('leads to no other host, whatever it says', async () => {
    for (const next of [
      '//evil.example/',
      'https://evil.example/',
      '/\\evil.example',
      '/%0d%0aSet-Cookie:a=b',
    ]) {
      const visiting = visitor()
      const callback = new URL(leadsTo(await cast.as(TECH).get(await visiting.begin(next))))
      callback.searchParams.set('next', next)
      const { location } = await visiting.visit(callback.href)
      assert.equal(new URL(location ?? '', `https://${HOST}`).host, HOST)
    }
  })

  test('is not recorded more than once a minute, and without its code', async () => {
    cast.app.clock.advance(MINUTE)
    for (let tries = 0; tries < 5; tries += 1) {
      const { callback } = await linkOf()
      await visitor().visit(callback)
    }

    const events = await cast.app.deps.sql`select details from audit_events
      where action = 'application.error' and details->>'error' = 'callback'
      and at = ${cast.app.clock.now().toISOString()}`
    assert.equal(events.length, 1)
    const { leftOut, ...details } = events[0]?.details ?? {}
    assert.deepEqual(details, { error: 'callback', application: 'Reports', applicationId })
  })
})

describe('only a registered host', () => {
  for (const path of [
    '/.portcullis/begin?next=/',
    `/.portcullis/callback?code=${'A'.repeat(43)}`,
    '/.portcullis/sign-out',
  ])
    test(`is answered at ${path.split('?')[0]}`, async () => {
      const { status, body, headers } = await visitor('evil.example').visit(path)

      assert.equal(status, 403)
      assert.match(body, /This address is not protected by Portcullis/)
      assert.equal(headers.get('set-cookie'), null)
    })

  test('is answered, also without a proxy', async () => {
    assert.equal((await cast.app.browser().get('/.portcullis/begin')).status, 403)
  })

  test('gets a code of the gate', async () => {
    const before = await cast.app.deps.db.$count(passCodes)
    const query = new URLSearchParams({ host: 'evil.example', begun: 'A'.repeat(43), next: '/' })

    assert.equal((await cast.as(TECH).get(`/access?${query}`)).status, 404)
    assert.equal(await cast.app.deps.db.$count(passCodes), before)
  })

  test('other paths of the gate are not at the host', async () => {
    for (const path of [
      '/.portcullis',
      '/.portcullis/',
      '/.portcullis/Begin',
      '/.portcullis/begin/',
      '/.portcullis/sign-in',
    ])
      assert.ok([404, 303].includes((await visitor().visit(path)).status), path)
  })
})

test('the stylesheet of the pages at the host comes from the host', async () => {
  const { body } = await visitor('evil.example').visit('/.portcullis/begin')
  const [, sheet = ''] = /rel="stylesheet" href="([^"]+)"/.exec(body) ?? []

  assert.equal(sheet, '/.portcullis/static/portcullis.css')
  const { status, headers } = await visitor().visit(sheet)
  assert.equal(status, 200)
  assert.match(headers.get('content-type') ?? '', /text\/css/)
  assert.doesNotMatch(body, /<script/)
})

describe('a person who may not enter', () => {
  test('is told why and whom to ask, on record', async () => {
    const visiting = visitor('finance.example')
    const { id } = await cast.app.userNamed(TECH)

    const { status, body } = await cast.as(TECH).get(await visiting.begin())

    assert.equal(status, 403)
    assert.match(body, /role="alert"/)
    assert.match(body, /You may not open Finance only/)
    assert.match(body, /not open to your role groups\. Ask an Admin of Harbour Group/)
    const [event] = await cast.people.eventsOf(id, 'application.entered')
    assert.equal(event?.outcome, 'refused')
    assert.equal(event?.details.refusal, 'role-group')
  })

  test('an Admin is told to ask the Service Desk', async () => {
    const { body } = await cast.as(ADMIN).get(await visitor('finance.example').begin())

    assert.match(body, /Ask the Service Desk for one that may open it/)
  })
})

describe('an application that demands MFA', () => {
  test('leads a person without an authenticator through enrolment, and back', async () => {
    const { id, email } = await cast.people.add('Harbour Group', ['finance-operator'])
    const browser = cast.app.browser()
    await browser.signInWithPassword(email)
    const visiting = visitor(WITH_MFA)

    const page = await browser.get(await visiting.begin('/secrets'))
    assert.equal(page.status, 403)
    assert.match(page.body, /Vault asks for an authenticator/)
    const [, enrolment = ''] = /href="(\/account\/authenticator\?next=[^"]+)"/.exec(page.body) ?? []
    const prove = await browser.get(enrolment)
    const [, action = ''] = /action="(\/account\/authenticator\?next=[^"]+)"/.exec(prove.body) ?? []
    const { location } = await browser.post(action, { password: DEMO_PASSWORD })
    const scan = await browser.get(location ?? '')
    browser.secret = keyOn(scan.body)
    const [, confirm = ''] = /action="(\/account\/authenticator\/confirm\?next=[^"]+)"/.exec(scan.body) ?? []
    assert.equal((await browser.post(confirm, { code: browser.code() })).location, '/mfa/verify')
    const verified = await browser.verify(browser.nextCode())
    const callback = leadsTo(await browser.get(verified.location ?? ''))

    assert.equal((await visiting.visit(callback)).location, '/secrets')
    assert.equal((await visiting.asks()).headers.get('x-portcullis-user'), id)
  })

  test('is not opened by a password alone, also where it demands MFA only later', async () => {
    const visiting = visitor(HOST2)
    await cast.comeBack(FINANCE)
    await visiting.enter(cast.as(FINANCE))
    const demand = (value: boolean) =>
      cast.app.deps.sql`update applications set requires_mfa = ${value} where host = ${HOST2}`

    await demand(true)
    const { status, headers } = await visiting.asks()
    await demand(false)

    assert.equal(status, 401)
    assert.ok(headers.get('x-portcullis-sign-in'))
    assert.equal((await visiting.asks('/', FETCH)).status, 200)
  })

  test('does not lead to another host after enrolment', async () => {
    const { body } = await cast.as(FINANCE).get('/account/authenticator?next=//evil.example')

    assert.doesNotMatch(body, /evil/)
  })
})

test('signing out at the host leads to a page of the gate that asks, and ends the pass', async () => {
  const visiting = visitor()
  await cast.comeBack(FINANCE)
  await visiting.enter(cast.as(FINANCE))

  for (const method of ['GET', 'POST']) {
    const answer = await visiting.browser.request(method, '/.portcullis/sign-out', {
      headers: { 'x-forwarded-host': HOST },
    })
    assert.deepEqual([answer.status, answer.location], [303, `${cast.app.origin}/sign-out`])
  }
  assert.equal((await visiting.asks()).status, 200)
  const page = await cast.as(FINANCE).get('/sign-out')
  assert.match(page.body, /<form method="post" action="\/sign-out">/)
  await cast.as(FINANCE).post('/sign-out')

  assert.equal((await visiting.asks()).status, 401)
})

test('the gate leads to the application itself if no browser began there', async () => {
  assert.equal(leadsTo(await cast.as(TECH).get(`/access?host=${HOST}`)), `https://${HOST}/start`)
})

test('a sign-out during a hand-over succeeds, and the pass opens nothing', async () => {
  const { email } = await cast.people.add('Harbour Group', ['finance-operator'])
  const browser = cast.app.browser()
  await browser.signInWithPassword(email)
  const visiting = visitor()
  await visiting.enter(browser)
  cast.app.clock.advance(MINUTE + SECOND)
  const callback = leadsTo(await browser.get(await visiting.begin()))
  const { sql } = cast.app.database

  const [handOver, signOut] = await sql.begin(async (holder) => {
    // The hand-over waits here, in the middle of its transaction.
    await holder`select from passes for update`
    const handOver = visiting.visit(callback)
    await awaitWaiters(sql)
    const signOut = browser.post('/sign-out')
    await awaitWaiters(sql, 2)
    return [() => handOver, () => signOut]
  })

  assert.equal((await signOut()).status, 303)
  assert.equal((await handOver()).status, 303)
  assert.equal((await visiting.asks()).status, 401)
})

test('after an application has moved to another host, passes from its host before open it no more', async () => {
  const [before, after] = ['old.example', 'new.example']
  const address = `https://${before}/`
  const way = 'forward-auth' as const
  const { id } = await addApplication(cast.app.deps.db, { name: 'Moving', way, host: before, address })
  const visiting = visitor(before)
  await visiting.enter(cast.as(TECH))
  const desk = await cast.comeBack(DESK)
  const { ticket, reason } = EVIDENCE
  const change = (fields: Record<string, string>) =>
    desk.post(`/applications/${id}/change`, {
      ...{ icon: 'chart', accounts: 'every', ticket, reason, address },
      ...{ name: 'Moving', roleGroups: 'tech-operator' },
      ...fields,
    })

  assert.equal((await change({ name: 'Moving soon' })).status, 303)
  const unmoved = await visiting.asks()
  assert.equal((await change({ address: `https://${after}/` })).status, 303)

  assert.equal(unmoved.status, 200)
  const seenAtOldHost = visiting.browser.cookies.get('portcullis') ?? ''
  const replaying = visitor(after)
  replaying.browser.cookies.set('portcullis', seenAtOldHost)
  assert.equal((await replaying.asks()).status, 401)
})
