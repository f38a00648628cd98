// Whether a sign-in still stands where a code is asked for is decided when the code has arrived, not when its request began.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { mfaPolicies } from '../../src/platform/db/schema/role-groups.ts'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, Cast } from '../support/cast.ts'
import { holdBackPost } from '../support/held-back-post.ts'
import { totp } from '../support/rfc6238.ts'

const STEP_MS = 30 * SECOND

let cast: Cast

before(async () => {
  cast = await Cast.assemble([ADMIN], [])
})
after(() => cast.app.close())

interface HalfwaySignIn {
  id: string
  email: string
  browser: Browser
  secret: Buffer
}

/** A new person whose password is proven, and who is asked for a code. */
async function halfway(): Promise<HalfwaySignIn> {
  const { id, email } = await cast.people.add('Harbour Group', ['tech-operator'])
  const secret = await cast.people.enrol(id)
  const browser = Object.assign(cast.app.browser(), { secret })
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')
  return { id, email, browser, secret }
}

/** A new person whose password is proven, and who has scanned a key. */
async function enrolling(): Promise<HalfwaySignIn> {
  const { id, email } = await cast.people.add('Harbour Group', ['tech-operator'])
  const browser = cast.app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/enrol')
  return { id, email, browser, secret: await browser.scanKey() }
}

const PLACES = [
  { page: '/mfa/verify', begin: halfway, followedBy: '/', recorded: 'sign-in.completed' },
  { page: '/mfa/enrol', begin: enrolling, followedBy: '/mfa/verify', recorded: 'authenticator.enrolled' },
] as const

for (const { page, begin, followedBy, recorded } of PLACES)
  describe(`a right code at ${page} whose body is held back`, () => {
    /** Sends all but the end of a code that is right once `steps` have passed. */
    async function holdBackCode({ browser, secret }: HalfwaySignIn, steps = 0) {
      return holdBackPost(cast.app, browser, page, {
        code: totp(secret, cast.app.clock.now(), { drift: steps }),
      })
    }

    async function isNotAccepted(
      held: Awaited<ReturnType<typeof holdBackCode>>,
      { id, browser }: HalfwaySignIn,
    ) {
      const answer = await held.finish()

      assert.ok([303, 409].includes(answer.status), String(answer.status))
      assert.notEqual(answer.location, '/mfa/verify')
      assert.deepEqual(await cast.people.eventsOf(id, recorded), [])
      assert.match((await browser.get('/')).location ?? '', /^\/sign-in/)
    }

    test('a held-back code is accepted if nothing happens meanwhile', async () => {
      const person = await begin()
      const held = await holdBackCode(person)

      assert.equal((await held.finish()).location, followedBy)

      assert.equal((await cast.people.eventsOf(person.id, recorded)).length, 1)
    })

    test('a held-back code is not accepted after a lock of the codes, even if an Admin has lifted it', async () => {
      const person = await begin()
      const { id, browser } = person
      const fail = async () => {
        assert.equal((await browser.post(page, { code: browser.wrongCode() })).status, 401)
      }
      for (let failure = 1; failure < 5; failure += 1) await fail()
      const held = await holdBackCode(person)
      await fail()
      const lifted = await cast.as(ADMIN).post(`/users/${id}/unlock`, { reason: 'Called me' })
      assert.equal(lifted.status, 303)

      await isNotAccepted(held, person)
    })

    test('a held-back code is not accepted after the 10 minutes of a half-way sign-in', async () => {
      const person = await begin()
      const steps = 21
      const held = await holdBackCode(person, steps)
      cast.app.clock.advance(steps * STEP_MS)

      await isNotAccepted(held, person)
      await cast.comeBack(ADMIN)
    })

    test('a held-back code is not accepted after a sign-out and does not count as an attempt', async () => {
      const person = await begin()
      const held = await holdBackCode(person)
      await person.browser.post('/sign-out')

      await isNotAccepted(held, person)

      const ofCodes = and(eq(lockouts.subject, person.id), eq(lockouts.kind, 'code'))
      assert.equal(await cast.app.deps.db.$count(lockouts, ofCodes), 0)
    })
  })

test('a step-up code is not accepted from a session that was signed out meanwhile', async () => {
  const admin = await cast.comeBack(ADMIN)
  cast.app.clock.advance(11 * MINUTE)
  await provesNothing(admin, ADMIN, admin.code())
})

test('a step-up password is not accepted from a session that was signed out meanwhile', async () => {
  const { email } = await cast.people.add('Meridian Foods', ['admin'])
  const admin = cast.app.browser()
  await admin.signInWithPassword(email)
  cast.app.clock.advance(11 * MINUTE)
  await provesNothing(admin, email, DEMO_PASSWORD)
})

async function provesNothing(admin: Browser, email: string, presence: string): Promise<void> {
  const { clientId } = await cast.app.userNamed(email)
  const held = await holdBackPost(cast.app, admin, '/mfa-policy', { roleGroups: 'finance-admin', presence })
  const [before, policy] = [await cast.people.eventsOf(email, 'presence'), await policyOf(clientId)]
  await admin.post('/sign-out')

  assert.equal((await held.finish()).location, '/')

  assert.deepEqual(await cast.people.eventsOf(email, 'presence'), before)
  assert.deepEqual(await policyOf(clientId), policy)
}

function policyOf(clientId: string) {
  return cast.app.deps.db.select().from(mfaPolicies).where(eq(mfaPolicies.clientId, clientId))
}
