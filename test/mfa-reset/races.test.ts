// After a reset commits, no old authenticator and no old session passes the gate. No race ends in an error.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { authenticators } from '../../src/platform/db/schema/authenticators.ts'
import { memberships, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { type Browser, keyOn } from '../support/browser.ts'
import { ADMIN, Cast, DESK } from '../support/cast.ts'

/** Every second round sends the other request first. */
const ROUNDS = 16

let cast: Cast

before(async () => {
  cast = await Cast.assemble([ADMIN, DESK], [])
})
after(() => cast.app.close())

/** Sends both at once, in turn the one and the other first. */
async function race<One, Other>(round: number, one: () => Promise<One>, other: () => Promise<Other>) {
  if (round % 2 === 0) return Promise.all([one(), other()])
  const second = other()
  return Promise.all([one(), second])
}

/** A new user in every round, whose role group requires MFA. */
function techOperator() {
  return cast.people.add('Harbour Group', ['tech-operator'])
}

/** A user with an authenticator. All their browsers use its codes. */
async function enrolledTechOperator() {
  const { id, email } = await techOperator()
  const secret = await cast.people.enrol(id)
  const browser = () => Object.assign(cast.app.browser(), { secret })
  return { id, email, browser }
}

/** A user who has scanned a key and confirms it next. */
async function enrollingTechOperator(): Promise<{ id: string; email: string; browser: Browser }> {
  const { id, email } = await techOperator()
  const browser = cast.app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/enrol')
  await browser.scanKey()
  return { id, email, browser }
}

describe('MFA resets against other requests', () => {
  test('a reset that runs against a verification ends the session that the verification opened', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const theo = await enrolledTechOperator()
      const inside = theo.browser()
      await inside.signInWithPassword(theo.email)
      assert.equal((await inside.verify(inside.code(-1))).location, '/')
      const racer = theo.browser()
      await racer.signInWithPassword(theo.email)

      const [verified, answer] = await race(
        round,
        () => racer.verify(),
        () => cast.reset(DESK, theo.email),
      )

      assert.equal(answer.status, 303)
      assert.equal(verified.status, 303, `round ${round}: in, or sent to sign in`)
      assert.equal((await racer.get('/')).location, '/sign-in', `round ${round}: the racer is out`)
      assert.equal((await inside.get('/')).location, '/sign-in')
    }
  })

  test('a reset that runs against a wrong code succeeds, and the wrong code gets an ordinary answer', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const theo = await enrolledTechOperator()
      const racer = theo.browser()
      await racer.signInWithPassword(theo.email)

      const [guess, answer] = await race(
        round,
        () => racer.verify(racer.wrongCode()),
        () => cast.reset(DESK, theo.email),
      )

      assert.equal(answer.status, 303, `round ${round}`)
      assert.ok([401, 303].includes(guess.status), `round ${round}: ${guess.status}`)
    }
  })

  test('a reset that runs against a sign-in leaves the user at the sign-in page or at enrolment', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const theo = await enrolledTechOperator()
      const racer = theo.browser()

      const [, answer] = await race(
        round,
        () => racer.signInWithPassword(theo.email),
        () => cast.reset(DESK, theo.email),
      )

      assert.equal(answer.status, 303)
      const { location } = await racer.get('/')
      assert.ok(location === '/sign-in' || location === '/mfa/enrol', `round ${round}: ${location}`)
    }
  })

  test('a reset that runs against an enrolment revokes the new authenticator or finds none yet', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { email, browser } = await enrollingTechOperator()

      const [enrolled, answer] = await race(
        round,
        () => browser.post('/mfa/enrol', { code: browser.code() }),
        () => cast.reset(DESK, email),
      )

      assert.ok(enrolled.status === 303, `round ${round}: ${enrolled.status}`)
      // Nothing to reset yet: 409. Otherwise the new authenticator is dead, and the session with it.
      assert.ok(answer.status === 303 || answer.status === 409, `round ${round}: ${answer.status}`)
      const held = answer.status === 303 ? '/sign-in' : '/mfa/verify'
      assert.equal((await browser.get('/')).location, held, `round ${round}`)
      assert.equal((await cast.activeAuthenticator(email)) !== undefined, answer.status === 409)
    }
  })

  test('a reset that runs against the demotion of its actor is refused unless it commits first', async () => {
    const { id: actorId } = await cast.app.userNamed(ADMIN)
    const { db } = cast.app.deps
    const [admin] = await db.select().from(roleGroups).where(eq(roleGroups.key, 'admin'))
    const [plain] = await db.select().from(roleGroups).where(eq(roleGroups.key, 'finance-operator'))
    assert.ok(admin && plain)
    for (let round = 0; round < ROUNDS; round += 1) {
      const { email } = await enrolledTechOperator()

      const [answer] = await race(
        round,
        () => cast.reset(ADMIN, email),
        () =>
          db.transaction(async (tx) => {
            await tx.select().from(users).where(eq(users.id, actorId)).for('no key update')
            await tx.delete(memberships).where(eq(memberships.userId, actorId))
            await tx.insert(memberships).values({ userId: actorId, roleGroupId: plain.id })
          }),
      )

      assert.ok([303, 403].includes(answer.status), `round ${round}: ${answer.status}`)
      assert.equal((await cast.activeAuthenticator(email)) === undefined, answer.status === 303)
      assert.notEqual((await cast.reset(ADMIN, email)).status, 303, 'demoted is demoted')
      await db.delete(memberships).where(eq(memberships.userId, actorId))
      await db.insert(memberships).values({ userId: actorId, roleGroupId: admin.id })
    }
  })
})

test('a first enrolment that is confirmed twice at once makes one active authenticator and one event', async () => {
  const { db } = cast.app.deps
  for (let round = 0; round < ROUNDS; round += 1) {
    const { id, browser } = await enrollingTechOperator()
    const again = Object.assign(cast.app.browser(), { secret: browser.secret })
    for (const [name, value] of browser.cookies) again.cookies.set(name, value)
    const code = browser.code()

    const answers = await race(
      round,
      () => browser.post('/mfa/enrol', { code }),
      () => again.post('/mfa/enrol', { code }),
    )

    const confirmed = [browser, again].filter((_, i) => answers[i]?.location === '/mfa/verify')
    for (const { status } of answers) assert.equal(status, 303, `round ${round}: neither is an error`)
    assert.equal(confirmed.length, 1, `round ${round}`)
    assert.equal((await confirmed[0]?.verify(code))?.status, 401, 'the code was spent')
    const active = and(eq(authenticators.userId, id), eq(authenticators.status, 'active'))
    assert.equal(await db.$count(authenticators, active), 1, `round ${round}`)
    assert.equal((await cast.people.eventsOf(id, 'authenticator.enrolled')).length, 1, `round ${round}`)
  }
})

test('a key that is confirmed while a second tab starts over is either confirmed or void', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { browser } = await enrollingTechOperator()

    const [confirmed, restarted] = await race(
      round,
      () => browser.post('/mfa/enrol', { code: browser.code() }),
      () => browser.post('/mfa/enrol/restart'),
    )

    assert.equal(restarted.status, 303, `round ${round}`)
    // Void before the code came: the code is wrong for the new key. Void while it was checked: 409.
    assert.ok([303, 401, 409].includes(confirmed.status), `round ${round}: ${confirmed.status}`)
    if (confirmed.status !== 303) {
      browser.secret = keyOn((await browser.get('/mfa/enrol')).body)
      assert.equal((await browser.post('/mfa/enrol', { code: browser.code() })).location, '/mfa/verify')
    }
  }
})
