// Whatever ends a person's access holds at the next request. The same, through real proxies: through-proxy.ts.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { HOUR, MINUTE } from '../../src/platform/time/durations.ts'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { addApplication } from '../support/applications.ts'
import { ADMIN, Cast, DESK } from '../support/cast.ts'
import { addVisitor, ENDING_EVENTS, VISITORS } from '../support/ending-events.ts'
import { FETCH, VisitorAtHost } from '../support/visitor-at-host.ts'

let cast: Cast
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK], [])
  await ensureSigningKeys(cast.app.deps)
})
after(() => cast?.app.close())

let applications = 0
async function addHost(): Promise<{ id: string; host: string }> {
  const host = `app${++applications}.example`
  const { id } = await addApplication(cast.app.deps.db, {
    name: `Application ${applications}`,
    way: 'forward-auth',
    host,
    address: `https://${host}/`,
    roleGroups: [VISITORS],
  })
  return { id, host }
}

describe('a person is refused at the next request after', () => {
  for (const event of ENDING_EVENTS)
    test(event.title, async () => {
      const application = await addHost()
      const visitor = await addVisitor(cast, event)
      const bystander = await addVisitor(cast, { enrolled: event.enrolled })
      const [visiting, other] = [
        new VisitorAtHost(cast.app, application.host),
        new VisitorAtHost(cast.app, application.host),
      ]
      await visiting.enter(visitor.browser)
      await other.enter(bystander.browser)
      assert.equal((await visiting.asks()).status, 200)

      await event.happens(cast, visitor, [application.id])

      assert.equal((await visiting.asks('/', FETCH)).status, event.status)
      // A refusal ends the pass.
      assert.ok([401, 403].includes((await visiting.asks('/', FETCH)).status))
      const touchesAll = event.title === 'the application is disabled'
      assert.equal((await other.asks('/', FETCH)).status, touchesAll ? 403 : 200, 'another person')
    })

  test('the idle limit', async () => {
    const { visiting } = await entered()

    cast.app.clock.advance(cast.app.deps.config.SESSION_IDLE - MINUTE)
    const before = await visiting.asks()
    cast.app.clock.advance(cast.app.deps.config.SESSION_IDLE + MINUTE)

    assert.equal(before.status, 200)
    assert.equal((await visiting.asks()).status, 401)
  })

  test('the absolute limit, however busy they are', async () => {
    const { visiting } = await entered()
    const { SESSION_ABSOLUTE } = cast.app.deps.config

    for (let passed = 0; passed < SESSION_ABSOLUTE - HOUR / 3; passed += HOUR / 3) {
      assert.equal((await visiting.asks()).status, 200)
      cast.app.clock.advance(HOUR / 3)
    }
    cast.app.clock.advance(HOUR / 3)

    assert.equal((await visiting.asks()).status, 401)
  })
})

describe('as on the dashboard, wrong codes of another person end no session that is signed in', () => {
  const wrongCodes = (consecutiveFailures: number, lockedFor: number) => async () => {
    const { visiting, visitor } = await entered()
    const now = cast.app.clock.now()
    const locked = {
      consecutiveFailures,
      failedAt: [now],
      lockedAt: now,
      lockedUntil: new Date(now.getTime() + lockedFor),
      updatedAt: now,
    }
    await cast.app.deps.db
      .insert(lockouts)
      .values({ subject: visitor.id, kind: 'code', ...locked })
      .onConflictDoUpdate({ target: [lockouts.subject, lockouts.kind], set: locked })

    assert.equal((await visitor.browser.get('/')).status, 200)
    assert.equal((await visiting.asks()).status, 200)
  }
  test('a lock of codes', wrongCodes(5, HOUR))
  test('an authenticator that is switched off', wrongCodes(100, HOUR))
})

async function entered() {
  const { host } = await addHost()
  const visitor = await addVisitor(cast, { enrolled: true })
  const visiting = new VisitorAtHost(cast.app, host)
  await visiting.enter(visitor.browser)
  return { visiting, visitor }
}
