// A person who is half-way through sign-in, and then arrives from an application.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { arriveAtPage, arriveOutside, RelyingParty, startProvider } from '../oidc/relying-party.ts'
import type { TestApp } from '../support/app.ts'
import { addApplication } from '../support/applications.ts'
import { type Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { People } from '../support/people.ts'
import { leadsTo, VisitorAtHost } from '../support/visitor-at-host.ts'

const HOST = 'reports.example'

let app: TestApp
let people: People
let party: RelyingParty
before(async () => {
  app = await startProvider()
  people = new People(app)
  await ensureSigningKeys(app.deps)
  party = await RelyingParty.register(app)
  const way = 'forward-auth' as const
  await addApplication(app.deps.db, { name: 'Reports', way, host: HOST, address: `https://${HOST}/` })
})
after(() => app?.close())

interface Halfway {
  browser: Browser
  page: '/mfa/verify' | '/mfa/enrol'
  /** Finishes sign-in on the page at `path`. Returns where it leads. */
  finish(path: string): Promise<string>
}

async function atVerify(): Promise<Halfway> {
  const { id, email } = await people.add('Harbour Group', ['tech-operator'])
  const browser = Object.assign(app.browser(), { secret: await people.enrol(id) })
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/verify')
  const finish = async (path: string) => {
    const { location } = await browser.post(formOn(await browser.get(path)), { code: browser.nextCode() })
    return location ?? ''
  }
  return { browser, page: '/mfa/verify', finish }
}

async function atEnrol(): Promise<Halfway> {
  const { email } = await people.add('Harbour Group', ['tech-operator'])
  const browser = app.browser()
  assert.equal((await browser.signInWithPassword(email)).location, '/mfa/enrol')
  const finish = async (path: string) => {
    await browser.scanKey()
    const form = formOn(await browser.get(path))
    assert.equal((await browser.post(form, { code: browser.code() })).location, '/mfa/verify')
    return (await browser.verify(browser.nextCode())).location ?? ''
  }
  return { browser, page: '/mfa/enrol', finish }
}

/** The address that the form for the code is sent to. */
function formOn({ body }: { body: string }): string {
  const [, action = ''] = /<form class="form" method="post" action="([^"]+)"/.exec(body) ?? []
  return action.replaceAll('&amp;', '&')
}

for (const [title, begin] of Object.entries({ 'at the code page': atVerify, 'at enrolment': atEnrol }))
  describe(`a person ${title} who arrives from an application`, () => {
    test('with OpenID Connect, comes back to it after completing sign-in', async () => {
      const { browser, page, finish } = await begin()
      const begun = await party.begin()

      const { at } = await arriveAtPage(app, browser, begun.url.href)
      assert.ok(at.startsWith(`${page}?next=`), at)
      const callback = await arriveOutside(app, browser, await finish(at))

      const claims = (await party.redeem({ begun, callback })).claims()
      assert.deepEqual(claims?.amr, ['pwd', 'otp', 'mfa'])
    })

    test('behind a proxy, comes back to the page that was asked for', async () => {
      const { browser, page, finish } = await begin()
      const visitor = new VisitorAtHost(app, HOST)

      const { at } = await arriveAtPage(app, browser, await visitor.begin('/reports?a=b'))
      assert.ok(at.startsWith(`${page}?next=`), at)
      const callback = leadsTo(await browser.get(await finish(at)))

      assert.equal((await visitor.visit(callback)).location, '/reports?a=b')
      assert.equal((await visitor.asks()).status, 200)
    })

    test('comes back also if sign-in was completed in another tab meanwhile', async () => {
      const { browser, page, finish } = await begin()
      const { at } = await arriveAtPage(app, browser, (await party.begin()).url.href)
      assert.equal(await finish(page), '/')

      assert.match((await browser.get(at)).location ?? '', /^\/oidc\/interaction\//)
    })

    test('and is sent to the dashboard if the address leads to another site', async () => {
      const { page, finish } = await begin()

      assert.equal(await finish(`${page}?next=${encodeURIComponent('//evil.example/')}`), '/')
    })

    test('and nothing is kept of the other pages that they ask for', async () => {
      const { browser, page, finish } = await begin()

      assert.equal((await browser.get('/users')).location, page)
      assert.equal(await finish(page), '/')
    })
  })

test('who starts enrolment over comes back to the application too', async () => {
  const { browser, finish } = await atEnrol()
  const { at } = await arriveAtPage(app, browser, (await party.begin()).url.href)
  const [, restart = ''] = /action="(\/mfa\/enrol\/restart[^"]*)"/.exec((await browser.get(at)).body) ?? []

  const { location } = await browser.post(restart)

  assert.equal(location, at)
  assert.match(await finish(location ?? ''), /^\/oidc\/interaction\//)
})

test('a wrong code keeps the way back', async () => {
  const { browser, finish } = await atVerify()
  const { at } = await arriveAtPage(app, browser, (await party.begin()).url.href)

  const { status, body } = await browser.post(at, { code: browser.wrongCode() })

  assert.equal(status, 401)
  assert.match(await finish(formOn({ body })), /^\/oidc\/interaction\//)
})

test('a password leads to the application that was asked for before', async () => {
  const { email } = await people.add('Harbour Group', ['finance-operator'])
  const browser = app.browser()
  const { at } = await arriveAtPage(app, browser, (await party.begin()).url.href)

  const { location } = await browser.post(at, { email, password: DEMO_PASSWORD })

  assert.match(location ?? '', /^\/oidc\/interaction\//)
})
