// What is meant for one use, presented by many at once.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { oidcGrants } from '../../src/platform/db/schema/oidc.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { awaitWaiters } from '../support/await-waiters.ts'
import type { Browser } from '../support/browser.ts'
import { FINANCE } from '../support/cast.ts'
import { People } from '../support/people.ts'
import { arriveOutside, errorOf, RelyingParty, startProvider } from './relying-party.ts'

let app: TestApp
let party: RelyingParty
let fiona: Browser
let fionaId: string
before(async () => {
  app = await startProvider()
  party = await RelyingParty.register(app, { backChannelLogoutUri: 'https://application.example/logout' })
  fiona = app.browser()
  fionaId = (await app.userNamed(FINANCE)).id
  await fiona.signInWithPassword(FINANCE)
})
after(() => app?.close())

const times = <Result>(count: number, work: () => Promise<Result>) =>
  Promise.allSettled(Array.from({ length: count }, work))

function succeeded<Result>(results: PromiseSettledResult<Result>[]): Result[] {
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

/** The grant of a session is ended, with everything that hung on it, and a new one is opened at the next sign-in. */
async function assertGrantDead(accessTokens: string[]) {
  for (const token of accessTokens)
    assert.equal(await errorOf(party.userinfo(token, fionaId)), 'invalid_token')
  const open = (await grants()).filter(({ endedAt }) => endedAt === null)
  assert.equal(open.length, 0)
}

function grants() {
  return app.deps.db.select().from(oidcGrants).where(eq(oidcGrants.applicationId, party.id))
}

test('of 10 redemptions of one code at once at most one succeeds, and the grant is dead, in 50 rounds', async () => {
  let won = 0
  for (let round = 0; round < 50; round += 1) {
    const callback = await party.authorize(fiona)

    const tokens = succeeded(await times(10, () => party.redeem(callback)))

    assert.ok(tokens.length <= 1, `${tokens.length} redemptions succeeded`)
    won += tokens.length
    await assertGrantDead(tokens.map(({ access_token }) => access_token))
    for (const { refresh_token: token = '' } of tokens)
      assert.equal(await errorOf(party.refresh(token)), 'invalid_grant')
  }
  assert.ok(won > 0, 'the winner of a round is answered')
})

test('a code that is presented again later ends its grant, and that is recorded', async () => {
  const callback = await party.authorize(fiona)
  const tokens = await party.redeem(callback)

  assert.equal(await errorOf(party.redeem(callback)), 'invalid_grant')

  await assertGrantDead([tokens.access_token])
  const [event] = await new People(app).eventsOf(fionaId, 'application.signed-out')
  assert.equal(event?.outcome, 'failure')
  assert.equal(event?.details.reused, 'AuthorizationCode')
})

test('of 10 refreshes with one token at once at most one succeeds, and the grant is dead', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { refreshToken } = await party.signIn(fiona)

    const tokens = succeeded(await times(10, () => party.refresh(refreshToken)))

    assert.ok(tokens.length <= 1, `${tokens.length} refreshes succeeded`)
    await assertGrantDead(tokens.map(({ access_token }) => access_token))
    const [event] = await new People(app).eventsOf(fionaId, 'application.signed-out')
    assert.equal(event?.details.reused, 'RefreshToken')
  }
})

test('a wrong verifier does not spend a code', async () => {
  const { begun, callback } = await party.authorize(fiona)
  const other = await party.begin()

  assert.equal(
    await errorOf(party.redeem({ begun: { ...begun, verifier: other.verifier }, callback })),
    'invalid_grant',
  )

  await party.redeem({ begun, callback })
})

test('first authorizations at once share one grant and one sid', async () => {
  for (let round = 0; round < 5; round += 1) {
    const browser = app.browser()
    await browser.signInWithPassword(FINANCE)

    const callbacks = succeeded(await times(8, () => party.authorize(browser)))
    assert.equal(callbacks.length, 8)
    const tokens = succeeded(await times(8, () => party.redeem(callbacks.pop() ?? assert.fail())))

    assert.equal(tokens.length, 8)
    const sids = new Set(tokens.map((answer) => answer.claims()?.sid))
    assert.equal(sids.size, 1)
    assert.equal((await grants()).filter(({ sid }) => sids.has(sid)).length, 1)
    await browser.post('/sign-out')
  }
})

describe('a pushed authorization request', () => {
  const pushed = async () => {
    const requestUri = await party.push(await party.begin())
    return `/oidc/auth?client_id=${party.id}&request_uri=${encodeURIComponent(requestUri)}`
  }
  const codesIn = (answers: readonly { location: string | null }[]) =>
    answers.filter(({ location }) => location?.includes('code=')).length

  test('that 10 tabs open at once leads to one code, in each of 20 rounds', async () => {
    for (let round = 0; round < 20; round += 1) {
      const address = await pushed()

      const answers = await Promise.all(Array.from({ length: 10 }, () => fiona.get(address)))

      assert.equal(codesIn(answers), 1, `round ${round}`)
      assert.equal(codesIn([await fiona.get(address)]), 0)
    }
  })

  for (const [title, minutes] of Object.entries({ '': 0, ' after it has expired': 5 }))
    test(`that two tabs have begun leads to one code if both go on at once${title}, in each of 20 rounds`, async () => {
      for (let round = 0; round < 20; round += 1) {
        const address = await pushed()
        const tabs = [app.browser(), app.browser()]
        const interactions: string[] = []
        for (const tab of tabs) interactions.push((await tab.get(address)).location ?? '')
        app.clock.advance(minutes * MINUTE)
        const signedIn = app.browser()
        await signedIn.signInWithPassword(FINANCE)
        for (const tab of tabs) for (const [name, value] of signedIn.cookies) tab.cookies.set(name, value)

        const codes = await times(2, async () => {
          const tab = tabs.pop() ?? assert.fail()
          const outside = await arriveOutside(app, tab, interactions.pop() ?? '')
          return assert.match(outside.search, /code=/)
        })

        assert.equal(succeeded(codes).length, 1, `round ${round}`)
      }
    })
})

describe('a session that ends while its tokens are made', () => {
  const made = {
    'for a code': async (browser: Browser) => {
      const authorized = await party.authorize(browser)
      return { model: 'AuthorizationCode', ask: () => party.redeem(authorized) }
    },
    'for a refresh token': async (browser: Browser) => {
      const { refreshToken } = await party.signIn(browser)
      return { model: 'RefreshToken', ask: () => party.refresh(refreshToken) }
    },
  }
  for (const [title, prepare] of Object.entries(made))
    test(`${title}: they are not sent`, async () => {
      const browser = app.browser()
      await browser.signInWithPassword(FINANCE)
      const { model, ask } = await prepare(browser)
      const { sql } = app.database

      const asked = await sql.begin(async (holder) => {
        // The provider has read the grant, and waits to consume the code or token.
        await holder`select from oidc_artifacts where model = ${model} for update`
        const asked = errorOf(ask())
        await awaitWaiters(sql)
        assert.equal((await browser.post('/sign-out')).status, 303)
        return () => asked
      })

      assert.equal(await asked(), 'invalid_grant')
    })
})
