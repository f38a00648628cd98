// A proxy may hand on whatever Host the sender chose: links in mails, redirects and the check of Origin keep to PUBLIC_URL.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { startWorker } from '../../workers/start-worker.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { Browser, DEMO_PASSWORD } from '../support/browser.ts'
import { ADMIN, FINANCE } from '../support/cast.ts'
import { eventually } from '../support/eventually.ts'
import { People } from '../support/people.ts'
import { SmtpServer } from '../support/smtp-server.ts'
import { SHORT } from '../workers/short-times.ts'

const PUBLIC_URL = 'https://dashboard.example'
const FORGED = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  forwarded: 'host=evil.example;proto=https',
  'x-forwarded-server': 'evil.example',
  'x-original-host': 'evil.example',
  'x-forwarded-proto': 'https',
}

let app: TestApp
const mailServer = new SmtpServer()
before(async () => {
  await mailServer.start()
  app = await startApp({ PUBLIC_URL, TRUST_PROXY: 'loopback', SMTP_URL: mailServer.url })
})
after(async () => {
  await app?.close()
  await mailServer.stop()
})

/** A browser whose every request arrives under a forged name. `fetch` would not send one. */
class ForgedBrowser extends Browser {
  override async request(...[method, path, init = {}]: Parameters<Browser['request']>) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = request(new URL(path, app.origin), {
      method,
      headers: { ...(cookie && { cookie }), ...init.headers, ...FORGED },
    })
    sent.end(init.body)
    const [response]: IncomingMessage[] = await once(sent, 'response')
    assert.ok(response)
    for (const line of response.headers['set-cookie'] ?? []) {
      assert.doesNotMatch(line, /Domain/i, 'a cookie is for the host that was asked only')
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.cookies.set(name, value)
    }
    const { location = null } = response.headers
    this.last = {
      status: response.statusCode ?? 0,
      location,
      headers: new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
      body: await text(response),
    }
    assert.ok(location === null || /^\/(?!\/)/.test(location), `a path of ours: ${location}`)
    assert.doesNotMatch(this.last.body + JSON.stringify(response.headers), /evil/i)
    return this.last
  }
}

const forged = () => new ForgedBrowser(app.origin, app.clock)

test('no page, redirect, cookie or mail names a host other than PUBLIC_URL', async () => {
  const worker = await startWorker(app.deps, SHORT)
  try {
    const admin = forged()
    assert.match((await admin.get('/users')).location ?? '', /^\/sign-in\?next=%2Fusers$/)
    await admin.post('/sign-in?next=/users', { email: ADMIN, password: DEMO_PASSWORD })
    await admin.enrol()
    assert.equal((await admin.verify(admin.nextCode())).location, '/users')
    for (const page of ['/', '/users', '/account', '/mfa-policy', '/audit', '/nowhere']) await admin.get(page)
    const newcomer = new People(app).newcomer()
    assert.equal((await admin.post('/users', newcomer)).status, 303)
    assert.equal((await forged().post('/forgot-password', { email: FINANCE })).status, 200)

    const mails = await eventually('both links are mailed', () => {
      const linked = mailServer.received.filter(({ to }) => [newcomer.email, FINANCE].includes(to))
      return linked.length === 2 && mailServer.received.map(({ source }) => source.replaceAll('=\r\n', ''))
    })

    for (const mail of mails) assert.doesNotMatch(mail, /evil/i)
    for (const path of ['activate', 'reset-password'])
      assert.ok(
        mails.some((mail) => mail.includes(`${PUBLIC_URL}/${path}/`)),
        path,
      )
    const addresses = mails.flatMap((mail) =>
      [...mail.matchAll(/https?:\/\/[^/\s"<>]+/g)].map(([origin]) => origin),
    )
    assert.deepEqual([...new Set(addresses)], [PUBLIC_URL])
  } finally {
    await worker.stop()
  }
})

test('Origin is compared with PUBLIC_URL, not with the Host that a request names', async () => {
  const signIn = (origin: string) =>
    forged().request('POST', '/sign-in', {
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ email: FINANCE, password: DEMO_PASSWORD }).toString(),
    })

  for (const origin of ['https://evil.example', 'http://evil.example', app.origin, 'null'])
    assert.equal((await signIn(origin)).status, 403, origin)
  assert.equal((await signIn(PUBLIC_URL)).status, 303)
})

test('a next page is kept only if it is a path of PUBLIC_URL', async () => {
  for (const next of [
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '/%5Cevil.example/../..//evil.example',
  ]) {
    const browser = forged()
    const path = `/sign-in?next=${encodeURIComponent(next)}`

    const { status, location } = await browser.post(path, { email: FINANCE, password: DEMO_PASSWORD })

    assert.deepEqual([status, location], [303, '/'], next)
  }
})
