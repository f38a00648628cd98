// One's own account: what it shows, sessions, and the password.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { passwordResets } from '../../src/platform/db/schema/links.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import { type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { People } from '../support/people.ts'

const NEW_PASSWORD = 'seven green lanterns in fog'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

const sid = (browser: Browser) => browser.cookies.get('sid') ?? ''

/** A signed-in user without MFA, in a browser of this kind. */
async function signedIn(email: string, userAgent = FIREFOX, password = DEMO_PASSWORD): Promise<Browser> {
  const browser = app.browser()
  const { location } = await browser.post('/sign-in', { email, password }, { 'user-agent': userAgent })
  assert.equal(location, '/', `${email} is in`)
  return browser
}

async function mailsOf(email: string, kind: string) {
  const { id } = await app.userNamed(email)
  return app.deps.db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipientId, id), eq(notifications.kind, kind)))
}

/** The rows of the table of sessions, as text. */
async function sessionRows(browser: Browser) {
  const { body } = await browser.get('/account')
  return [...body.matchAll(/<tr role="row" data-session="(this|other)">(.*?)<\/tr>/gs)].map(
    ([, which, html = '']) => ({
      isThis: which === 'this',
      end: /action="(\/account\/sessions\/[0-9a-f]+\/end)"/.exec(html)?.[1] ?? '',
      text: html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' '),
    }),
  )
}

/** Where the only other session on the page is ended. */
async function endOfOther(browser: Browser): Promise<string> {
  const [other, ...more] = (await sessionRows(browser)).filter(({ isThis }) => !isThis)
  assert.ok(other && more.length === 0, 'there is one other session')
  return other.end
}

describe('the own account page', () => {
  test('the account page shows the profile, when the authenticator was enrolled and when it was last used', async () => {
    const amara = app.browser()
    await amara.enrolAndSignIn('admin@harbour.example')
    const [authenticator] = await app.deps.db
      .select()
      .from(authenticators)
      .where(eq(authenticators.userId, (await app.userNamed('admin@harbour.example')).id))

    const { status, body } = await amara.get('/account')

    assert.equal(status, 200)
    for (const fact of ['Amara Okafor', 'admin@harbour.example', 'Harbour Group', '<li>Admin</li>'])
      assert.ok(body.includes(fact), fact)
    const { activatedAt, lastUsedAt } = authenticator ?? {}
    assert.ok(activatedAt && lastUsedAt && activatedAt < lastUsedAt)
    assert.ok(body.includes(`<dt>Set up</dt><dd><time datetime="${activatedAt.toISOString()}"`))
    assert.ok(body.includes(`<dt>Last used</dt><dd><time datetime="${lastUsedAt.toISOString()}"`))
  })

  test('every page of the dashboard links to the account page', async () => {
    const fiona = await signedIn('finance@harbour.example')
    const marta = await signedIn('admin@meridian.example')

    for (const [browser, paths] of [
      [fiona, ['/', '/account', '/account/authenticator', '/users', '/nowhere']],
      [marta, ['/users', '/users/new', '/users/import', '/mfa-policy', '/audit']],
    ] as const)
      for (const path of paths) assert.match((await browser.get(path)).body, /<a href="\/account">/, path)
  })

  test('the account page shows each session with its device, its address, when it began and when it was last seen', async () => {
    const email = 'support@harbour.example'
    const phone = await signedIn(email, IPHONE)
    const phoneBegan = app.clock.now()
    app.clock.advance(5 * MINUTE)
    await phone.get('/')
    const phoneSeen = app.clock.now()
    app.clock.advance(2 * MINUTE)
    const desk = await signedIn(email)

    const { body } = await desk.get('/account')
    const [own, other, ...more] = await sessionRows(desk)

    assert.ok(own && other && more.length === 0)
    assert.ok(own.isThis && !other.isThis)
    assert.match(own.text, /Firefox on Linux This one .*127\.0\.0\.1/)
    assert.match(other.text, /Safari on an iPhone .*127\.0\.0\.1/)
    assert.doesNotMatch(other.text, /This one/)
    assert.ok(!body.includes('Mozilla/'), 'what a browser says of itself is not repeated')
    assert.ok(body.includes(`Began</span><time datetime="${phoneBegan.toISOString()}"`))
    assert.ok(body.includes(`Last seen</span><time datetime="${phoneSeen.toISOString()}"`))
  })

  test('the account page shows a half-way sign-in while it lives, and no expired session', async () => {
    const rosa = app.browser()
    await rosa.enrolAndSignIn('admin@retail.harbour.example')
    const halfway = app.browser()
    await halfway.signInWithPassword('admin@retail.harbour.example')

    const [, other] = await sessionRows(rosa)
    assert.match(other?.text ?? '', /Not signed in yet/)
    app.clock.advance(10 * MINUTE + 1)
    assert.equal((await sessionRows(rosa)).length, 1)
  })

  test('the account page shows the last ten sign-ins, successes and failures, with address and device', async () => {
    const email = 'tech@meridian.example'
    for (let i = 0; i < 9; i += 1) await signedIn(email, IPHONE)
    const thief = app.browser()
    await thief.post('/sign-in', { email, password: 'not it at all' }, { 'user-agent': FIREFOX })
    const tomasz = await signedIn(email, IPHONE)

    const { body } = await tomasz.get('/account')
    const listed = body.slice(body.indexOf('id="sign-ins-title"'))

    assert.equal(listed.match(/<li data-outcome="success">/g)?.length, 9)
    const [, failure = ''] = /<li data-outcome="failure">(.*?)<\/li>/s.exec(listed) ?? []
    assert.match(failure, /Wrong password/)
    assert.match(failure, /Firefox on Linux, from 127\.0\.0\.1/)
    assert.match(listed, /Signed in with the password.*Safari on an iPhone, from 127\.0\.0\.1/s)
  })

  test('the account page shows a sign-in with a code once, and a right password given by another person meanwhile', async () => {
    const { email } = await people.add('Harbour Group', ['tech-operator'])
    const pia = app.browser()
    await pia.enrolAndSignIn(email)
    for (let i = 0; i < 9; i += 1) {
      await pia.post('/sign-out')
      await pia.signIn(email)
    }
    await pia.post('/sign-out')
    await pia.signInWithPassword(email)
    await app.browser().post('/sign-in', { email, password: DEMO_PASSWORD }, { 'user-agent': IPHONE })
    await pia.verify(pia.nextCode())

    const { body } = await pia.get('/account')
    const listed = body.slice(body.indexOf('id="sign-ins-title"'))

    assert.equal(listed.match(/Signed in with a code/g)?.length, 9)
    assert.equal(listed.match(/Password accepted/g)?.length, 1)
    assert.match(listed, /Password accepted<\/p>\s*<p class="note device">Safari on an iPhone/)
  })

  test('the account page shows nothing about other users, whatever is requested', async () => {
    const marta = await signedIn('admin@meridian.example')
    const { id } = await app.userNamed('tech@meridian.example')

    const { body } = await marta.get(`/account?userId=${id}&id=${id}`)

    assert.ok(!body.includes('tech@meridian.example') && !body.includes('Tomasz'))
  })

  test('the account page names no session by its id in the table or the cookie, and the shown name opens nothing', async () => {
    const fiona = await signedIn('finance@harbour.example')
    await signedIn('finance@harbour.example')
    const rows = await app.deps.db.select().from(sessions)

    const { body } = await fiona.get('/account')

    const listed = await sessionRows(fiona)
    assert.ok(listed.length >= 2 && rows.length >= listed.length)
    for (const { id } of rows) assert.ok(!body.includes(id))
    assert.ok(!body.includes(decodeURIComponent(sid(fiona)).slice(2, 34)))
    for (const { end } of listed) {
      const handle = end.split('/').at(-2) ?? ''
      for (const cookie of [handle, `s:${handle}`, `s%3A${handle}.x`]) {
        const thief = app.browser()
        thief.cookies.set('sid', cookie)
        assert.equal((await thief.get('/account')).location, '/sign-in?next=%2Faccount')
      }
    }
  })
})

describe('sessions', () => {
  test('‘End’ ends the chosen session at its next request, and no other', async () => {
    const email = 'finance@harbour.example'
    const own = await signedIn(email)
    await own.post('/account/sessions/end-others')
    const other = await signedIn(email, IPHONE)
    const end = await endOfOther(own)
    const third = await signedIn(email)

    const answer = await own.post(end)

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/account')
    assert.equal((await other.get('/')).location, '/sign-in')
    assert.equal((await third.get('/')).status, 200, 'the third goes on')
    const page = await own.get('/account')
    assert.equal(page.status, 200, 'and one’s own')
    assert.match(page.body, /role="status".*That session has ended/s)
    assert.equal((await sessionRows(own)).length, 2)
    assert.equal((await own.post(end)).status, 404, 'it is not there a second time')
    const [event] = await people.eventsOf(email, 'session.ended')
    assert.deepEqual(event?.details, { ended: 'one' })
    assert.equal(event?.actorId, event?.subjectId)
  })

  test('‘End all others’ ends all other sessions, half-way ones too, and keeps this one', async () => {
    const email = 'admin2@harbour.example'
    const own = app.browser()
    await own.enrolAndSignIn(email)
    const other = app.browser()
    other.secret = own.secret
    await other.signIn(email)
    const halfway = app.browser()
    halfway.secret = own.secret
    await halfway.signInWithPassword(email)

    const answer = await own.post('/account/sessions/end-others')

    assert.equal(answer.location, '/account')
    assert.equal((await other.get('/')).location, '/sign-in')
    assert.equal((await halfway.verify(halfway.nextCode())).location, '/sign-in')
    assert.equal((await own.get('/account')).status, 200)
    assert.equal((await sessionRows(own)).length, 1)
  })

  test('another user’s session, an unknown one and garbage get the same 404, and that session lives on', async () => {
    const samir = await signedIn('support@harbour.example')
    await samir.post('/account/sessions/end-others')
    const second = await signedIn('support@harbour.example')
    const end = await endOfOther(samir)
    const marta = await signedIn('admin@meridian.example')
    const [storedByOther] = await app.deps.db
      .select()
      .from(sessions)
      .where(eq(sessions.userId, (await app.userNamed('support@harbour.example')).id))

    const answers = []
    for (const path of [
      end,
      `/account/sessions/${storedByOther?.id}/end`,
      `/account/sessions/${'0'.repeat(32)}/end`,
      '/account/sessions/%00/end',
    ])
      answers.push(await marta.post(path))

    for (const { status } of answers) assert.equal(status, 404)
    assert.equal((await second.get('/')).status, 200)
    assert.equal((await samir.get('/')).status, 200)
  })

  test('ending the current session signs out', async () => {
    const email = 'finance@harbour.example'
    const own = await signedIn(email)
    const [{ end } = { end: '' }] = await sessionRows(own)
    const copied = sid(own)
    const signOuts = (await people.eventsOf(email, 'sign-out')).length

    const answer = await own.post(end)

    assert.equal(answer.location, '/sign-in')
    const thief = app.browser()
    thief.cookies.set('sid', copied)
    assert.equal((await thief.get('/')).location, '/sign-in')
    assert.equal((await people.eventsOf(email, 'sign-out')).length, signOuts + 1)
  })

  test('ending sessions asks for a step-up after ten minutes, and signing out does not', async () => {
    const email = 'finance@harbour.example'
    const own = await signedIn(email)
    const other = await signedIn(email)
    const rows = await sessionRows(own)
    const end = rows.find(({ isThis }) => !isThis)?.end ?? ''
    app.clock.advance(11 * MINUTE)

    assert.equal((await own.post(end)).status, 401)
    assert.equal((await own.post('/account/sessions/end-others')).status, 401)
    assert.equal((await other.get('/')).status, 200, 'nothing has ended')
    assert.equal((await own.post(end, { presence: DEMO_PASSWORD })).location, '/account')
    assert.equal((await own.get('/')).status, 200, 'and this one goes on')
    app.clock.advance(11 * MINUTE)
    assert.equal((await own.post(rows.find(({ isThis }) => isThis)?.end ?? '')).location, '/sign-in')
  })

  test('a code that is being checked while its session is ended does not bring the session back under a new id', async () => {
    const email = 'tech@retail.harbour.example'
    const own = app.browser()
    await own.enrolAndSignIn(email)
    const ends = {
      one: async () => own.post(await endOfOther(own)),
      all: async () => own.post('/account/sessions/end-others'),
    }
    for (const end of [ends.one, ends.all]) {
      const other = app.browser()
      other.secret = own.secret
      await other.signInWithPassword(email)
      const code = other.nextCode()

      const [verified] = await whileCodesWait(email, () => other.verify(code), end)

      assert.equal(verified.location, '/', 'the code was right')
      assert.equal((await other.get('/')).location, '/sign-in')
      assert.equal((await own.get('/')).status, 200)
    }
  })

  test('ending all others during a sign-in leaves no session that the page does not show', async () => {
    const email = 'admin@online.harbour.example'
    const own = await signedIn(email)
    for (let round = 0; round < 8; round += 1) {
      const other = app.browser()

      const [ended] = await Promise.all([
        own.post('/account/sessions/end-others'),
        other.signInWithPassword(email),
      ])

      assert.equal(ended.location, '/account')
      const isIn = (await other.get('/')).status === 200
      assert.equal((await sessionRows(own)).length, isIn ? 2 : 1)
      await own.post('/account/sessions/end-others')
      assert.equal((await other.get('/')).location, '/sign-in')
    }
  })
})

/** Does the one while codes cannot be accepted, the other meanwhile, and then lets the code be accepted. */
async function whileCodesWait<One, Other>(
  email: string,
  one: () => Promise<One>,
  meanwhile: () => Promise<Other>,
): Promise<[One, Other]> {
  const { id } = await app.userNamed(email)
  const { sql: client } = app.database
  const held = await client.reserve()
  try {
    await held`begin`
    await held`select id from authenticators where user_id = ${id} and status = 'active' for update`
    const going = one()
    await awaitWaiters(client)
    const done = await meanwhile()
    await held`commit`
    return [await going, done]
  } finally {
    await held`rollback`
    held.release()
  }
}

describe('changing the password', () => {
  test('a password change keeps the session under a new id, ends all others and leaves MFA untouched', async () => {
    const email = 'tech@harbour.example'
    const theo = app.browser()
    await theo.enrolAndSignIn(email)
    const other = app.browser()
    other.secret = theo.secret
    await other.signIn(email)
    const halfway = app.browser()
    halfway.secret = theo.secret
    await halfway.signInWithPassword(email)
    await app.browser().post('/forgot-password', { email })
    const copied = sid(theo)

    const answer = await theo.post('/account/password', {
      currentPassword: DEMO_PASSWORD,
      password: NEW_PASSWORD,
    })

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/account')
    assert.match((await theo.get('/account')).body, /role="status".*Your password is changed/s)
    assert.notEqual(sid(theo), copied)
    const thief = app.browser()
    thief.cookies.set('sid', copied)
    assert.equal((await thief.get('/')).location, '/sign-in', 'the old id is dead')
    assert.equal((await other.get('/')).location, '/sign-in')
    assert.equal((await halfway.verify(halfway.nextCode())).location, '/sign-in')
    const links = await app.deps.db
      .select()
      .from(passwordResets)
      .where(eq(passwordResets.userId, (await app.userNamed(email)).id))
    assert.ok(links.length > 0 && links.every(({ usedAt }) => usedAt !== null), 'no mailed link is left')

    const again = app.browser()
    again.secret = theo.secret
    assert.equal((await again.signInWithPassword(email)).status, 401, 'the old password is gone')
    assert.equal((await again.signInWithPassword(email, NEW_PASSWORD)).location, '/mfa/verify')
    assert.equal((await again.verify(again.nextCode())).location, '/', 'the same authenticator as before')
    assert.equal((await mailsOf(email, 'password-changed')).length, 1)
    const [event] = await people.eventsOf(email, 'password.changed')
    assert.deepEqual(event?.details, { through: 'own-account' })
  })

  test('a wrong current password is 401, is counted with those of sign-in and locks like them', async () => {
    const email = 'tech@online.harbour.example'
    const mei = app.browser()
    await mei.enrolAndSignIn(email)
    // The same known browser without its session: wrong passwords of other browsers count apart.
    const signedOut = app.browser()
    for (const [name, value] of mei.cookies) if (name !== 'sid') signedOut.cookies.set(name, value)
    for (let i = 0; i < 2; i += 1) await signedOut.signInWithPassword(email, 'wrong at sign-in')

    for (let i = 0; i < 2; i += 1) {
      const answer = await mei.post('/account/password', {
        currentPassword: 'not my password',
        password: NEW_PASSWORD,
      })
      assert.equal(answer.status, 401)
      assert.match(answer.body, /id="currentPassword-problem" role="alert"/)
      assert.ok(!answer.body.includes('not my password') && !answer.body.includes(NEW_PASSWORD))
    }
    const fifth = await mei.post('/account/password', { currentPassword: 'wrong', password: NEW_PASSWORD })
    assert.equal(fifth.status, 401)
    assert.match(fifth.body, /Locked for now/)

    const right = { currentPassword: DEMO_PASSWORD, password: NEW_PASSWORD }
    const locked = await mei.post('/account/password', right)
    assert.equal(locked.status, 429)
    assert.equal(locked.headers.get('retry-after'), String(15 * 60))
    assert.equal((await signedOut.signInWithPassword(email)).status, 429, 'sign-in is locked too')
    assert.doesNotMatch(
      locked.body,
      /href="\/forgot-password"/,
      'a page that is out of reach while signed in',
    )
    assert.equal((await mei.get('/')).status, 200, 'the open session is not ended by it')
    app.clock.advance(15 * MINUTE)
    assert.equal((await mei.post('/account/password', right)).location, '/account')
  })

  test('an unacceptable new password is 422 beside its field and costs no attempt', async () => {
    const marta = await signedIn('admin@meridian.example')
    const { id } = await app.userNamed('admin@meridian.example')

    for (const password of [
      '',
      'short',
      'password1234',
      'a'.repeat(257),
      'admin@meridian.example',
      DEMO_PASSWORD,
    ]) {
      const answer = await marta.post('/account/password', { currentPassword: DEMO_PASSWORD, password })
      assert.equal(answer.status, 422, password)
      assert.match(answer.body, /id="password-problem" role="alert"/)
      assert.doesNotMatch(answer.body, /id="currentPassword-problem"/)
    }
    const missing = await marta.post('/account/password', { password: NEW_PASSWORD })
    assert.equal(missing.status, 422)
    assert.match(missing.body, /id="currentPassword-problem" role="alert"/)
    const twice: [string, string][] = [
      ['currentPassword', DEMO_PASSWORD],
      ['currentPassword', 'x'],
      ['password', NEW_PASSWORD],
    ]
    assert.equal((await marta.post('/account/password', twice)).status, 422)
    const counted = await app.deps.db.select().from(lockouts).where(eq(lockouts.subject, id))
    assert.ok(counted.every(({ failedAt }) => failedAt.length === 0))
    assert.equal((await app.browser().signInWithPassword('admin@meridian.example')).location, '/')
  })

  test('of two password changes at the same time one is made, and the other session ends', async () => {
    const email = 'admin@meridian.example'
    const one = await signedIn(email)
    const two = await signedIn(email)
    const currentPassword = DEMO_PASSWORD

    const answers = await Promise.all([
      one.post('/account/password', { currentPassword, password: `${NEW_PASSWORD} one` }),
      two.post('/account/password', { currentPassword, password: `${NEW_PASSWORD} two` }),
    ])

    const locations = answers.map(({ location }) => location ?? '')
    assert.equal(locations.filter((location) => location === '/account').length, 1)
    // Overtaken on the way to the gate, or behind it.
    assert.ok(
      locations.some((location) => ['/', '/sign-in'].includes(location)),
      locations.join(),
    )
    const pages = [await one.get('/account'), await two.get('/account')].map(({ status }) => status)
    assert.deepEqual(pages.sort(), [200, 303], 'one is in, the other is out')
    const winner = answers[0]?.location === '/account' ? 'one' : 'two'
    await signedIn(email, FIREFOX, `${NEW_PASSWORD} ${winner}`)
  })
})
