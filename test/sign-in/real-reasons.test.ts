// A right password has earned the real reason. Without it every answer is the same.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { ADMIN, Cast, DESK, EVIDENCE } from '../support/cast.ts'

const WRONG = 'not my password at all'
const NEW_PASSWORD = 'seven green lanterns in fog'

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK], [])
  app = cast.app
})
after(() => app.close())

/** The page without what was typed into it. */
function withoutAddress({ body }: Answer, email: string): string {
  return body.replaceAll(email, '')
}

function alertOn({ body }: Answer): string {
  return /role="alert".*?<span>(.*?)<\/span>/s.exec(body)?.[1] ?? ''
}

function newsOn({ body }: Answer): string {
  return /id="news">.*?<span>(.*?)<\/span>/s.exec(body)?.[1] ?? ''
}

async function newsAfter(browser: Browser, path = '/'): Promise<string> {
  assert.equal((await browser.get(path)).location?.split('?')[0], '/sign-in')
  return newsOn(await browser.get('/sign-in'))
}

async function enrolled(keys = ['tech-operator']) {
  const user = await cast.people.add('Harbour Group', keys)
  const browser = app.browser()
  browser.secret = await cast.people.enrol(user.id)
  return { user, browser }
}

async function desk(path: string, fields: Record<string, string> = {}): Promise<void> {
  assert.equal((await cast.as(DESK).post(path, { ...EVIDENCE, ...fields })).status, 303, path)
}

describe('at the sign-in page', () => {
  test('a disabled person with the right password is told so, and whom to ask', async () => {
    const user = await cast.people.add('Harbour Group', ['tech-operator'])
    const admin = await cast.people.add('Harbour Group', ['admin'])
    await desk(`/users/${user.id}/disable`)
    await desk(`/users/${admin.id}/disable`)
    const browser = app.browser()

    const answer = await browser.signInWithPassword(user.email)

    assert.equal(answer.status, 401)
    assert.match(
      alertOn(answer),
      /^Your account is disabled\. Ask Amara Okafor or Lucas .* \(Admins of Harbour Group\) to enable it\.$/,
    )
    assert.doesNotMatch(
      answer.body,
      /aria-invalid|role="status" id="/,
      'no field is wrong, and no tick stands above',
    )
    assert.equal((await browser.get('/')).location, '/sign-in')
    assert.match(alertOn(await browser.signInWithPassword(admin.email)), /Ask the Service Desk/)
    const [event] = await cast.people.eventsOf(user.id, 'sign-in.password')
    assert.deepEqual([event?.outcome, event?.details], ['refused', { because: 'disabled' }])
    const audit = await cast.as(ADMIN).get('/audit?action=sign-in.password')
    assert.match(audit.body, /entered the right password, but the account is disabled/)
  })

  test('a disabled person with a wrong password, a wrong password and an unknown address get the same answer, up to the lock', async () => {
    const user = await cast.people.add('Harbour Group', ['tech-operator'])
    const other = await cast.people.add('Harbour Group', ['tech-operator'])
    await desk(`/users/${user.id}/disable`)

    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const answers = []
      for (const email of [user.email, other.email, 'unknown@harbour.example']) {
        const answer = await app.browser().signInWithPassword(email, WRONG)
        answers.push({ status: answer.status, body: withoutAddress(answer, email) })
      }
      const [disabled, wrong, unknown] = answers
      assert.deepEqual(disabled, unknown, `attempt ${attempt}`)
      assert.deepEqual(wrong, unknown, `attempt ${attempt}`)
      assert.doesNotMatch(String(disabled?.body), /disabled/)
    }
    const locked = await app.browser().signInWithPassword(user.email)
    assert.equal(locked.status, 429)
    assert.doesNotMatch(locked.body, /disabled/, 'a password that is not checked earns nothing')
  })

  test('the right password of a suspended account earns the reason, and a wrong one does not', async () => {
    const clientId = await cast.people.clientId('Harbour Online')
    const user = await cast.people.add('Harbour Online', ['tech-operator'])
    await desk(`/clients/${clientId}/suspend`)

    const right = await app.browser().signInWithPassword(user.email)
    const wrong = await app.browser().signInWithPassword(user.email, WRONG)

    assert.equal(right.status, 401)
    assert.match(alertOn(right), /^Harbour Online is suspended/)
    assert.equal(alertOn(wrong), 'The e-mail address or the password is wrong.')
    await desk(`/clients/${clientId}/resume`)
    assert.equal((await app.browser().signInWithPassword(user.email)).location, '/mfa/enrol')
  })

  test('an invitation into a suspended account says so, and opens when the account is resumed', async () => {
    const fields = cast.people.newcomer({ roleGroups: 'tech-operator' })
    const clientId = await cast.people.clientId('Harbour Group')
    await cast.as(ADMIN).post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')
    const link = await cast.people.invitationLink(id)
    await desk(`/clients/${clientId}/suspend`)

    for (const answer of [
      await app.browser().get(link),
      await app.browser().post(link, { password: NEW_PASSWORD }),
    ]) {
      assert.equal(answer.status, 410)
      assert.match(answer.body, /<h1>Harbour Group is suspended<\/h1>/)
    }
    assert.doesNotMatch((await app.browser().get('/activate/no-such-token')).body, /suspended/)

    await desk(`/clients/${clientId}/resume`)
    assert.equal((await app.browser().post(link, { password: NEW_PASSWORD })).location, '/mfa/enrol')
    await cast.comeBack(ADMIN)
  })
})

describe('a sign-in or session that has ended', () => {
  test('a half-way sign-in that a reset ended says so', async () => {
    const { user, browser } = await enrolled()
    await browser.signInWithPassword(user.email)
    await desk(`/users/${user.id}/mfa-reset`)

    assert.equal((await browser.verify(browser.nextCode())).location, '/sign-in')
    assert.match(newsOn(await browser.get('/sign-in')), /your authenticator was reset/)
  })

  test('a half-way sign-in that a lock ended says so', async () => {
    const { user, browser } = await enrolled()
    await browser.signInWithPassword(user.email)
    for (let wrong = 0; wrong < 5; wrong += 1) await browser.verify(browser.wrongCode())

    assert.match(await newsAfter(browser), /too many wrong codes/)
  })

  test('a half-way sign-in that took too long says so', async () => {
    const { user, browser } = await enrolled()
    await browser.signInWithPassword(user.email)
    app.clock.advance(11 * MINUTE)

    assert.match(await newsAfter(browser), /took more than 10 minutes/)
    await cast.comeBack(ADMIN)
    await cast.comeBack(DESK)
  })

  test('a session that disabling, a new password or another browser ended says so, without a tick', async () => {
    const { user, browser } = await enrolled()
    const second = app.browser()
    second.secret = browser.secret
    const open = async (which: Browser) => {
      which.cookies.clear()
      await which.signIn(user.email)
    }
    await open(browser)
    await open(second)

    await second.post('/account/sessions/end-others')
    assert.match(await newsAfter(browser), /ended in another browser/)
    await open(browser)
    await app.browser().post('/forgot-password', { email: user.email })
    const link = await cast.people.passwordResetLink(user.email)
    await app.browser().post(link, { password: NEW_PASSWORD })
    assert.match(await newsAfter(browser), /your password was changed/)
    await desk(`/users/${user.id}/disable`)
    assert.match(await newsAfter(browser), /^Your account is disabled. Ask Amara Okafor/)
    assert.doesNotMatch((await browser.get('/sign-in')).body, /id="done"|class="alert"/)
  })

  test('the reason is told to the browser of that session only, and not after a sign-out', async () => {
    const { user, browser } = await enrolled()
    await browser.signIn(user.email)
    await desk(`/users/${user.id}/mfa-reset`)

    assert.equal(newsOn(await app.browser().get('/sign-in')), '')
    const guesser = app.browser()
    guesser.cookies.set('sid', 's%3Aguessed-id.signature')
    assert.doesNotMatch(await newsAfter(guesser), /reset/)
    assert.match(await newsAfter(browser), /reset/)
    await browser.post('/sign-out')
    assert.equal(newsOn(await browser.get('/sign-in')), '')
  })
})

describe('a policy or role change that stops an open session', () => {
  test('says so where the person lands: at enrolment, or at sign-in if the password was proven too long ago', async () => {
    const early = await cast.people.add('Harbour Group', ['finance-operator'])
    const late = await cast.people.add('Harbour Group', ['finance-operator'])
    const other = await cast.people.add('Harbour Group', ['finance-manager'])
    const [soon, later, spared] = [app.browser(), app.browser(), app.browser()]
    assert.equal((await later.signInWithPassword(late.email)).location, '/')
    assert.equal((await spared.signInWithPassword(other.email)).location, '/')
    app.clock.advance(11 * MINUTE)
    assert.equal((await soon.signInWithPassword(early.email)).location, '/')
    await cast.comeBack(DESK)
    const clientId = await cast.people.clientId('Harbour Group')
    const policy = ['admin', 'tech-operator', 'finance-operator'].map(
      (key) => ['roleGroups', key] as [string, string],
    )

    const answer = await cast
      .as(DESK)
      .post(`/clients/${clientId}/mfa-policy`, [...policy, ...Object.entries(EVIDENCE), ['confirmed', 'yes']])
    assert.equal(answer.status, 303, answer.body)

    assert.equal((await soon.get('/')).location, '/mfa/enrol')
    const requirement = 'Harbour Group now requires MFA for Finance Operator.'
    assert.match(
      (await soon.get('/mfa/enrol')).body,
      new RegExp(`${requirement} Set up your authenticator to go on`),
    )
    assert.equal(await newsAfter(later), `${requirement} Sign in again to set up your authenticator.`)
    assert.equal((await spared.get('/')).status, 200)
    assert.equal((await later.signInWithPassword(late.email)).location, '/mfa/enrol')
    const again = await later.get('/mfa/enrol')
    assert.match(again.body, /Harbour Group requires MFA for Finance Operator\./, 'no longer new')
  })

  test('also when a role group that requires MFA was given', async () => {
    const user = await cast.people.add('Harbour Group', ['finance-manager'])
    const browser = app.browser()
    await browser.signInWithPassword(user.email)

    await cast.as(DESK).post(`/users/${user.id}/role-groups`, { ...EVIDENCE, roleGroups: 'tech-operator' })

    assert.equal((await browser.get('/')).location, '/mfa/enrol')
    assert.match((await browser.get('/mfa/enrol')).body, /Harbour Group now requires MFA for Tech Operator\./)
  })
})
