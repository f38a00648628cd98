// Invitations, forgotten passwords, and what a password may be.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq, sql } from 'drizzle-orm'
import { hashToken, linkToken } from '../../src/platform/crypto/link-token.ts'
import { invitations, passwordResets } from '../../src/platform/db/schema/links.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { mfaPolicies } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY, MINUTE } from '../../src/platform/time/durations.ts'
import { passwordProblem } from '../../src/sign-in/password-rules.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { judged } from '../support/judged.ts'
import { People } from '../support/people.ts'

const NEW_PASSWORD = 'seven green lanterns in fog'

let app: TestApp
let people: People
before(async () => {
  app = await startApp({ ADDRESS_ATTEMPTS: '100000' })
  people = new People(app)
})
after(() => app.close())

describe('a forgotten password', () => {
  test('the answer is the same for an address with and without a user', async () => {
    const known = await app.browser().post('/forgot-password', { email: 'finance@harbour.example' })
    const unknown = await app.browser().post('/forgot-password', { email: 'nobody@nowhere.example' })

    const normal = ({ status, body }: { status: number; body: string }) => [
      status,
      body.replace(/[\w.]+@[\w.]+/g, 'EMAIL').replace(/[0-9a-f-]{36}/g, 'ID'),
    ]
    assert.equal(known.status, 200)
    assert.deepEqual(normal(unknown), normal(known))
  })

  test('a new password by mail ends all sessions and never touches MFA, so the next sign-in asks for the code', async () => {
    const email = 'tech@harbour.example'
    const theo = app.browser()
    await theo.enrolAndSignIn(email)
    const elsewhere = app.browser()
    await elsewhere.signInWithPassword(email)
    await app.browser().post('/forgot-password', { email: ' TECH@harbour.example ' })
    const link = await people.passwordResetLink(email)

    const page = await app.browser().get(link)
    assert.equal(page.status, 200)
    assert.match(page.body, /value="[^"]+@[^"]+" autocomplete="username"/, 'for who keeps passwords')
    const answer = await app.browser().post(link, { password: NEW_PASSWORD })

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/sign-in')
    assert.equal((await theo.get('/')).location, '/sign-in')
    assert.equal((await elsewhere.get('/')).location, '/sign-in')
    assert.equal((await theo.signInWithPassword(email)).status, 401, 'the old password is gone')
    assert.equal((await theo.signInWithPassword(email, NEW_PASSWORD)).location, '/mfa/verify')
    assert.equal((await theo.verify(theo.nextCode())).location, '/', 'with the same authenticator as before')
    assert.equal(
      (await app.browser().post(link, { password: NEW_PASSWORD })).status,
      410,
      'the link works once',
    )
  })

  test('a link opens nothing once its owner is disabled', async () => {
    const email = 'admin@online.harbour.example'
    await app.browser().post('/forgot-password', { email })
    const link = await people.passwordResetLink(email)
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.email, email))

    assert.equal((await app.browser().post(link, { password: NEW_PASSWORD })).status, 410)

    await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.email, email))
  })

  test('a link lasts 30 minutes, and using one voids the others', async () => {
    const email = 'finance@harbour.example'
    await app.browser().post('/forgot-password', { email })
    const first = await people.passwordResetLink(email)
    app.clock.advance(31 * MINUTE)
    assert.equal((await app.browser().get(first)).status, 410)

    await app.browser().post('/forgot-password', { email })
    const second = await people.passwordResetLink(email)
    app.clock.advance(16 * MINUTE)
    await app.browser().post('/forgot-password', { email })
    const third = await people.passwordResetLink(email)
    await app.browser().post(third, { password: NEW_PASSWORD })

    assert.equal((await app.browser().get(second)).status, 410)
  })

  test('of two links used at the same moment one works, and the other is answered as used', async () => {
    const email = 'finance@harbour.example'
    const links: string[] = []
    for (let asked = 0; asked < 2; asked += 1) {
      if (asked > 0) app.clock.advance(16 * MINUTE)
      await app.browser().post('/forgot-password', { email })
      links.push(await people.passwordResetLink(email))
    }

    // Both begin while their owner is held by something else.
    const { sql } = app.deps
    let answers: Promise<{ status: number }[]> = Promise.resolve([])
    await sql.begin(async (holder) => {
      await holder`select from users where email = ${email} for update`
      answers = Promise.all(
        links.map((link) => app.browser().post(link, { password: `${NEW_PASSWORD} again` })),
      )
      await awaitWaiters(sql, links.length)
    })

    assert.deepEqual((await answers).map(({ status }) => status).sort(), [303, 410])
  })

  test('a new password by mail lifts a password lock', async () => {
    const email = 'support@harbour.example'
    for (let i = 0; i < 5; i += 1) await app.browser().signInWithPassword(email, 'wrong')
    await app.browser().post('/forgot-password', { email })

    await app.browser().post(await people.passwordResetLink(email), { password: NEW_PASSWORD })

    assert.equal((await app.browser().signInWithPassword(email, NEW_PASSWORD)).location, '/')
    const ended = await people.lastEvent('lockout.ended')
    assert.deepEqual(ended?.details, { kind: 'password', through: 'reset-link' })
  })

  test('the present password is refused as a new one, and the link stays valid', async () => {
    const email = 'tech@meridian.example'
    await app.browser().post('/forgot-password', { email })
    const link = await people.passwordResetLink(email)

    const answer = await app.browser().post(link, { password: DEMO_PASSWORD })

    assert.equal(answer.status, 422)
    assert.match(answer.body, /This is your current password/)
    assert.equal((await app.browser().post(link, { password: NEW_PASSWORD })).status, 303)
  })

  test('a link is not used up by a request that is answered 503', async () => {
    const slow = await startApp({ ANSWER_WITHIN: '2s' })
    try {
      const email = 'finance@harbour.example'
      await judged(() => slow.browser().post('/forgot-password', { email }))
      const link = await new People(slow).passwordResetLink(email)

      await slow.deps.sql.begin(async (holder) => {
        await holder`lock table audit_events in exclusive mode`
        assert.equal((await slow.browser().post(link, { password: NEW_PASSWORD })).status, 503)
        await awaitWaiters(slow.deps.sql, 0)
      })

      await eventually('the link sets the password', async () => {
        const answer = await slow.browser().post(link, { password: NEW_PASSWORD })
        return answer.location === '/sign-in'
      })
    } finally {
      await slow.close()
    }
  })

  test('of many guesses of the present password with one link one is compared', async () => {
    const email = 'tech@online.harbour.example'
    await app.browser().post('/forgot-password', { email })
    const link = await people.passwordResetLink(email)
    const guesses = Array.from({ length: 20 }, (_, i) =>
      i === 19 ? DEMO_PASSWORD : `another guess, number ${i}`,
    )

    const answers = await Promise.all(guesses.map((password) => app.browser().post(link, { password })))

    const compared = answers.filter(({ status }) => status !== 410)
    assert.equal(compared.length, 1)
    assert.equal(answers.length - compared.length, 19)
  })

  test('a present password does not revive a link that died while it was compared', async () => {
    const { db } = app.deps
    const email = 'admin@online.harbour.example'
    const { id } = await app.userNamed(email)
    await app.browser().post('/forgot-password', { email })
    const link = await people.passwordResetLink(email)
    const tokenHash = hashToken(link.split('/').at(-1) ?? '')

    const { posted } = await db.transaction(async (tx) => {
      await tx.select().from(users).where(eq(users.id, id)).for('no key update')
      const posted = app.browser().post(link, { password: DEMO_PASSWORD })
      await eventually('the link is used up', async () => {
        const [reset] = await db.select().from(passwordResets).where(eq(passwordResets.tokenHash, tokenHash))
        return reset?.usedAt
      })
      // As everything does that voids the links of a user.
      await tx
        .update(users)
        .set({ sessionEpoch: sql`${users.sessionEpoch} + 1` })
        .where(eq(users.id, id))
      return { posted }
    })

    assert.equal((await posted).status, 410)
    assert.equal((await app.browser().post(link, { password: NEW_PASSWORD })).status, 410)
  })

  test('a new password by mail voids an enrolment begun with the old one', async () => {
    const email = 'admin2@harbour.example'
    const thief = app.browser()
    await thief.signInWithPassword(email)
    await thief.scanKey()
    await app.browser().post('/forgot-password', { email })

    await app.browser().post(await people.passwordResetLink(email), { password: NEW_PASSWORD })

    assert.equal((await thief.post('/mfa/enrol', { code: thief.code() })).location, '/sign-in')
    const owner = app.browser()
    assert.equal((await owner.signInWithPassword(email, NEW_PASSWORD)).location, '/mfa/enrol')
  })

  test('the queue is handed no token, address or password', async () => {
    const email = 'desk@platform.example'
    await app.browser().post('/forgot-password', { email })
    const token = (await people.passwordResetLink(email)).split('/').at(-1) ?? ''

    const handed = JSON.stringify([
      await app.deps.db.select().from(outbox),
      await app.deps.db.select().from(notifications),
      await app.deps.db.select().from(passwordResets),
    ])

    for (const secret of [token, email, NEW_PASSWORD, 'demo-password']) assert.ok(!handed.includes(secret))
  })
})

describe('an invitation', () => {
  test('an unacceptable password is named beside the field, and the link stays valid', async () => {
    const nora = app.browser()
    const link = await people.invitationLink('new.tech@harbour.example')
    const bad = ['', 'short', 'password1234', 'aaaaaaaaaaaaaaaa', 'x'.repeat(257), 'new.tech@harbour.example']

    for (const password of bad) {
      const answer = await nora.post(link, { password })
      assert.equal(answer.status, 422, password)
      assert.match(answer.body, /role="alert"/)
      assert.doesNotMatch(answer.body, /type="password"[^>]* value="[^"]/, 'passwords are never echoed')
    }

    assert.equal((await nora.get(link)).status, 200)
  })

  test('of 20 parallel acceptances one succeeds, and the others are answered as used', async () => {
    const link = await people.invitationLink('new.tech@harbour.example')

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => app.browser().post(link, { password: `${NEW_PASSWORD} ${i}` })),
    )

    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(answers.filter(({ status }) => status === 410).length, 19)
  })

  test('an invited user who leaves half-way signs in with the password and is held at enrolment', async () => {
    const { id } = await app.userNamed('new.tech@harbour.example')
    await app.deps.db
      .update(users)
      .set({ passwordHash: (await app.userNamed('admin@harbour.example')).passwordHash })
      .where(eq(users.id, id))
    const nora = app.browser()

    assert.equal((await nora.signInWithPassword('new.tech@harbour.example')).location, '/mfa/enrol')
    assert.equal((await app.userNamed('new.tech@harbour.example')).status, 'invited')
  })

  test('an invitation expires after seven days', async () => {
    await app.deps.db.update(invitations).set({ usedAt: null })
    await app.deps.db
      .update(users)
      .set({ passwordHash: null })
      .where(eq(users.email, 'new.tech@harbour.example'))
    const link = await people.invitationLink('new.tech@harbour.example')
    assert.equal((await app.browser().get(link)).status, 200)

    app.clock.advance(7 * DAY)

    assert.equal((await app.browser().get(link)).status, 410)
    assert.equal((await app.browser().post(link, { password: NEW_PASSWORD })).status, 410)
  })

  test('where no role group requires MFA the password makes the user active', async () => {
    const fresh = await startApp()
    try {
      await fresh.deps.db.delete(mfaPolicies)
      const [row] = await fresh.deps.db.select().from(invitations)
      assert.ok(row)
      const token = linkToken('invitation', row.id, row.tokenHash, fresh.deps.config.ENCRYPTION_KEYS)
      const nora = fresh.browser()

      assert.equal((await nora.post(`/activate/${token}`, { password: NEW_PASSWORD })).location, '/')

      assert.equal((await nora.get('/')).status, 200)
      const [user] = await fresh.deps.db.select().from(users).where(eq(users.id, row.userId))
      assert.equal(user?.status, 'active')
    } finally {
      await fresh.close()
    }
  })

  test('unknown tokens of any shape are 410 like used ones', async () => {
    for (const token of ['x', 'a'.repeat(43), '%00', '..%2f', '%F0%9F%94%91'])
      assert.equal((await app.browser().get(`/activate/${token}`)).status, 410, token)
  })
})

test('a link opened by a signed-in user leads home with an explanation', async () => {
  const samir = app.browser()
  await samir.signInWithPassword('support@harbour.example', NEW_PASSWORD)

  assert.equal((await samir.get('/reset-password/any-token')).location, '/')

  assert.match((await samir.get('/')).body, /To use it, sign out and open it again\./)
  assert.doesNotMatch((await samir.get('/account')).body, /sign out and open it again/)
})

test('passwords of 12 to 256 characters are taken as they are, and common ones are refused', () => {
  const owner = { email: 'nora@harbour.example', name: 'Nora Lindqvist' }
  const fine = [
    'twelve chars',
    'correct horse battery',
    ' leading and trailing ',
    'пароль из слов',
    '🔑🚪🏰🌉🌊🌅🔑🚪🏰🌉🌊🌁',
    `${'long '.repeat(51)}x`,
    'nora lindqvist likes fog',
    'sunshine over the harbour',
    'demo-password-please-change',
  ]
  const refused = [
    'eleven char',
    '🔑'.repeat(11),
    'y'.repeat(257),
    '123456789012',
    'qwerty123456',
    'PASSWORD1234',
    'Password123!',
    'sunshine1234',
    'welcome12345',
    '!!Summer2026',
    'qwertyqwerty',
    'abcabcabcabc',
    'nora@harbour.example',
    'nora lindqvist',
    'NoraLindqvist-1990',
    'nora12345678',
    null,
    undefined,
    ['a', 'b'],
  ]
  for (const password of fine) assert.equal(passwordProblem(password, owner), null, password)
  for (const password of refused) assert.notEqual(passwordProblem(password, owner), null, String(password))
})

test('a password of 256 characters that JavaScript counts as more signs in', async () => {
  const email = 'tech@retail.harbour.example'
  const password = `${'🔑🚪🏰🌉🌊'.repeat(51)}🌅`
  await app.browser().post('/forgot-password', { email })
  assert.equal(
    (await app.browser().post(await people.passwordResetLink(email), { password })).location,
    '/sign-in',
  )

  assert.equal((await app.browser().signInWithPassword(email, password)).status, 303)
  assert.equal((await app.browser().signInWithPassword(email, `${password}🔑`)).status, 422)
})

test('the part of a long password beyond the 72nd byte matters', async () => {
  const email = 'admin@meridian.example'
  const long = `${'ab cd ef gh '.repeat(8)}1`
  await app.browser().post('/forgot-password', { email })
  await app.browser().post(await people.passwordResetLink(email), { password: long })

  assert.equal((await app.browser().signInWithPassword(email, `${long.slice(0, -1)}2`)).status, 401)
  assert.equal((await app.browser().signInWithPassword(email, long)).location, '/')
})
