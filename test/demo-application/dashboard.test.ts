// The demo dashboard at the real gate: who comes in, what they see, and what throws them out.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { and, desc, eq } from 'drizzle-orm'
import { SlowCalls } from '../../src/applications/slow-calls.ts'
import { tellApplication } from '../../src/applications/tell-application.ts'
import { oidcGrants } from '../../src/platform/db/schema/oidc.ts'
import { memberships, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { startProvider } from '../oidc/relying-party.ts'
import type { TestApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { EVIDENCE } from '../support/cast.ts'
import { People } from '../support/people.ts'
import { RunningDashboard } from './running-dashboard.ts'

let app: TestApp
let people: People
let dashboard: RunningDashboard
let id: string

before(async () => {
  app = await startProvider()
  people = new People(app)
  ;({ dashboard, id } = await RunningDashboard.start(app))
})
after(async () => {
  dashboard?.stop()
  await app?.close()
})
// Each sign-in moves the clock of the gate on; the dashboard goes by that of this process.
beforeEach(() => app.clock.advance(Date.now() - app.clock.now().getTime()))

interface Person {
  id: string
  email: string
  /** At the gate, and at the dashboard. */
  gate: Browser
  quayside: Browser
}

/** A person who is signed in at the gate, with an authenticator. */
async function person(roleGroup = 'tech-operator', account = 'Harbour Group'): Promise<Person> {
  const added = await people.add(account, [roleGroup])
  const gate = Object.assign(app.browser(), { secret: await people.enrol(added.id) })
  assert.equal((await gate.signInWithPassword(added.email)).location, '/mfa/verify')
  assert.equal((await gate.verify()).location, '/')
  return { ...added, gate, quayside: new Browser(dashboard.address, app.clock) }
}

/** Follows redirects between the two, each with the cookies of its own. */
async function open({ gate, quayside }: Person, path: string) {
  let url = new URL(path, dashboard.address)
  for (let hops = 0; hops < 12; hops += 1) {
    const browser = url.origin === dashboard.address ? quayside : gate
    const answer = await browser.get(url.href)
    const next =
      answer.location ?? /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(answer.body)?.[1]
    if (next === undefined) return { ...answer, at: url }
    url = new URL(next.replaceAll('&amp;', '&'), url)
  }
  throw new Error('redirected in circles')
}

describe('coming in', () => {
  test('a person who is signed in at the gate comes in without another question, to the page asked for', async () => {
    const theo = await person()

    const { at, status, body } = await open(theo, '/services')

    assert.deepEqual([at.href, status], [`${dashboard.address}/services`, 200])
    assert.match(body, /<h1>Services<\/h1>/)
    assert.match((await theo.quayside.get('/')).body, /a code from your authenticator/)
  })

  test('a person whose policy demands no MFA is led to enrolment first', async () => {
    const { email } = await people.add('Meridian Foods', ['finance-manager'])
    const gate = app.browser()
    assert.equal((await gate.signInWithPassword(email)).location, '/')
    const fiona = { id: '', email, gate, quayside: new Browser(dashboard.address, app.clock) }

    const { at, body } = await open(fiona, '/approvals')

    assert.equal(at.origin, app.origin)
    assert.match(body, /authenticator/)
    assert.equal((await fiona.quayside.get('/')).status, 303)
  })

  test('a page of another role group is not open, and the overview does not link to it', async () => {
    const theo = await person()
    const { body } = await open(theo, '/')

    assert.match(body, /href="\/services"/)
    assert.doesNotMatch(body, /href="\/approvals"/)
    assert.equal((await theo.quayside.get('/approvals')).status, 403)
  })

  test('a callback that this browser did not begin is refused', async () => {
    const answer = await new Browser(dashboard.address, app.clock).get('/callback?code=a&state=b')
    assert.equal(answer.status, 400)
    assert.match(answer.body, /start again/)
  })

  test('a sign-in never leads to an address outside of the dashboard', async () => {
    const theo = await person()
    const { at } = await open(theo, '/sign-in?next=https://evil.example/')
    assert.equal(at.href, `${dashboard.address}/`)
  })
})

describe('being thrown out', () => {
  /** The next click is answered with the reason, and the one after with the sign-in. */
  async function assertOut({ quayside }: Person, why: RegExp) {
    const next = await quayside.get('/services')
    assert.equal(next.status, 401)
    assert.match(next.body, /<h1>Your session has ended<\/h1>/)
    assert.match(next.body, why)
    assert.doesNotMatch(next.body, /Requests a second/)
    assert.match((await quayside.get('/services')).location ?? '', /^\/sign-in/)
  }

  const ENDINGS: Record<string, (person: Person) => Promise<unknown>> = {
    'an MFA reset': async ({ id }) => {
      const { gate: admin } = await person('admin')
      assert.equal((await admin.post(`/users/${id}/mfa-reset`, EVIDENCE)).status, 303)
    },
    'a sign-out at the gate': ({ gate }) => gate.post('/sign-out'),
    'being disabled': async ({ id }) => {
      const { gate: admin } = await person('admin')
      assert.equal((await admin.post(`/users/${id}/disable`, EVIDENCE)).status, 303)
    },
  }
  for (const [what, end] of Object.entries(ENDINGS))
    test(`after ${what} the next click says that the session has ended`, async () => {
      const theo = await person()
      assert.equal((await open(theo, '/services')).status, 200)
      assert.equal((await theo.quayside.get('/services')).status, 200)

      await end(theo)

      await assertOut(theo, /no longer accepts your session/)
    })

  test('after a disabling of the dashboard the next click says so, and enabling lets people in again', async () => {
    const theo = await person()
    const { gate: desk } = await person('service-desk', 'Portcullis Platform')
    assert.equal((await open(theo, '/services')).status, 200)

    assert.equal((await desk.post(`/applications/${id}/disable`, EVIDENCE)).status, 303)
    await assertOut(theo, /no longer accepts/)
    const refused = await open(theo, '/services')
    assert.equal(refused.at.origin, app.origin)
    assert.equal(refused.status, 400, 'the gate knows no such application meanwhile')

    assert.equal((await desk.post(`/applications/${id}/enable`, EVIDENCE)).status, 303)
    assert.equal((await open(theo, '/services')).status, 200)
  })

  test('a person whose session the gate tells of is out, and others are not', async () => {
    const [theo, mira] = [await person(), await person()]
    for (const each of [theo, mira]) assert.equal((await open(each, '/services')).status, 200)
    await theo.gate.post('/sign-out')

    const { db } = app.deps
    const [grant] = await db
      .select({ id: oidcGrants.id })
      .from(oidcGrants)
      .where(and(eq(oidcGrants.userId, theo.id), eq(oidcGrants.applicationId, id)))
      .orderBy(desc(oidcGrants.id))
    assert.ok(grant)
    app.clock.advance(Date.now() - app.clock.now().getTime())
    await db.transaction((tx) => tellApplication(app.deps, tx, grant.id, new SlowCalls()))

    await assertOut(theo, /told Quayside that your session has ended/)
    assert.equal((await mira.quayside.get('/services')).status, 200)
  })

  test('a role group that is taken away is gone at the next click', async () => {
    const theo = await person()
    assert.equal((await open(theo, '/services')).status, 200)
    const { db } = app.deps
    const [other] = await db.select().from(roleGroups).where(eq(roleGroups.key, 'tech-admin'))
    assert.ok(other)
    await db.update(memberships).set({ roleGroupId: other.id }).where(eq(memberships.userId, theo.id))

    assert.equal((await theo.quayside.get('/services')).status, 403)
    assert.equal((await theo.quayside.get('/releases')).status, 200)
  })

  test('an access token that has only expired is renewed, once for twenty clicks at the same time', async () => {
    const theo = await person()
    assert.equal((await open(theo, '/services')).status, 200)
    app.clock.advance(6 * MINUTE)

    const clicks = await Promise.all(Array.from({ length: 20 }, () => theo.quayside.get('/services')))

    assert.deepEqual([...new Set(clicks.map(({ status }) => status))], [200])
  })

  test('signing out of the dashboard asks at the gate, and ends there too', async () => {
    const theo = await person()
    await open(theo, '/services')

    const { status, location } = await theo.quayside.post('/sign-out')
    assert.equal(status, 303)
    assert.match(location ?? '', new RegExp(`^${app.origin}/oidc/session/end\\?`))
    assert.match((await theo.quayside.get('/services')).location ?? '', /^\/sign-in/)
    const asked = await theo.gate.get(location ?? '')
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(asked.body) ?? []
    const answer = await theo.gate.post('/oidc/session/end/confirm', { xsrf, logout: 'yes' })
    assert.equal(answer.location, `${dashboard.address}/signed-out`)
    assert.equal((await theo.gate.get('/')).location, '/sign-in')
  })
})

test('while the gate does not answer, the dashboard shows nothing', async () => {
  const theo = await person()
  assert.equal((await open(theo, '/services')).status, 200)
  await app.database.sql.unsafe('alter table oidc_grants rename to oidc_grants_away')
  try {
    const answer = await theo.quayside.get('/services')
    assert.equal(answer.status, 503)
    assert.equal(answer.headers.get('retry-after'), '5')
    assert.doesNotMatch(answer.body, /Requests a second/)
  } finally {
    await app.database.sql.unsafe('alter table oidc_grants_away rename to oidc_grants')
  }
  assert.equal((await theo.quayside.get('/services')).status, 200)
})
