// Apache with mod_auth_openidc as its document configures it: a relying party that is not ours.
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ensureSigningKeys } from '../../src/signing-keys/ensure-signing-keys.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { startWorker } from '../../workers/start-worker.ts'
import type { TestApp } from '../support/app.ts'
import { addApplication } from '../support/applications.ts'
import type { Browser } from '../support/browser.ts'
import { adapted, documented } from '../support/documented.ts'
import { eventually } from '../support/eventually.ts'
import { ExactBrowser } from '../support/exact-browser.ts'
import { People } from '../support/people.ts'
import { type RunningProxy, skipWithout, startServer } from '../support/proxy-process.ts'
import { testFolder } from '../support/run-folder.ts'
import { NAVIGATION } from '../support/visitor-at-host.ts'
import { SHORT } from '../workers/short-times.ts'
import { arriveOutside, startProvider } from './relying-party.ts'

const MODULES = '/usr/lib/apache2/modules'
const LOADED = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'headers', 'auth_openidc']

describe('Apache with mod_auth_openidc', { skip: skipWithout('apache2') }, () => {
  let app: TestApp
  let people: People
  let apache: RunningProxy
  let worker: Awaited<ReturnType<typeof startWorker>>
  let origin: string
  let folder: string
  before(async () => {
    app = await startProvider()
    await ensureSigningKeys(app.deps)
    people = new People(app)
    const port = await anyFreePort()
    origin = `http://127.0.0.1:${port}`
    const { id, secret } = await addApplication(app.deps.db, {
      name: 'Reports',
      address: `${origin}/`,
      redirectUris: [`${origin}/protected/callback`],
      postLogoutRedirectUris: [`${origin}/`],
      backChannelLogoutUri: `${origin}/protected/callback?logout=backchannel`,
    })
    folder = await testFolder()
    apache = await startApache(port, { id, secret })
    worker = await startWorker(app.deps, SHORT)
  })
  after(async () => {
    await worker?.stop()
    await apache?.stop()
    await app?.close()
  })

  async function startApache(
    port: number,
    { id, secret }: { id: string; secret: string },
  ): Promise<RunningProxy> {
    const [block = ''] = documented('apache.md', 'apache')
    const pages = join(folder, 'pages')
    for (const path of ['protected', 'protected/admins']) {
      await mkdir(join(pages, path), { recursive: true })
      await writeFile(join(pages, path, 'index.html'), `the page ${path}`)
    }
    await writeFile(join(pages, 'index.html'), 'the start page')
    const configuration = adapted(block, [
      ['<VirtualHost *:443>', `<VirtualHost 127.0.0.1:${port}>`],
      ['/var/www/reports', pages],
      ['  SSLEngine on\n', ''],
      ['  SSLCertificateFile /etc/ssl/reports.pem\n', ''],
      ['  SSLCertificateKeyFile /etc/ssl/reports.key\n', ''],
      ['https://reports.example', origin],
      ['https://gate.example', app.origin],
      ['THE-ID-OF-THE-APPLICATION', id],
      ['ITS-SECRET', secret],
      ['</VirtualHost>', '  Header always set X-Seen-User expr=%{HTTP:X-User}\n</VirtualHost>'],
    ])
    const modules = LOADED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')
    const asRoot = process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : ''
    await writeFile(
      join(folder, 'apache.conf'),
      `ServerRoot ${folder}\nDefaultRuntimeDir ${folder}\nPidFile ${join(folder, 'pid')}\nServerName localhost
${modules}\n${asRoot}Listen 127.0.0.1:${port}\nErrorLog ${join(folder, 'error.log')}\nDirectoryIndex index.html
<Directory ${pages}>\nRequire all granted\n</Directory>\n${configuration}\n`,
    )
    return startServer(['apache2', '-X', '-f', join(folder, 'apache.conf')], port)
  }

  async function signedIn(keys: readonly string[]) {
    const { id, email } = await people.add('Harbour Group', keys)
    const gate = app.browser()
    gate.secret = await people.enrol(id)
    await gate.signIn(email)
    return { email, gate, visitor: new ExactBrowser(origin, app.clock) }
  }

  /** Opens a page of Apache by way of the gate. */
  async function open(visitor: Browser, gate: Browser, path: string) {
    const { location } = await visitor.get(path, NAVIGATION)
    assert.match(location ?? '', /\/oidc\/auth\?/)
    const callback = await arriveOutside(app, gate, location ?? '')
    assert.equal(callback.origin + callback.pathname, `${origin}/protected/callback`)
    const back = await visitor.get(callback.pathname + callback.search, NAVIGATION)
    assert.equal(back.location, origin + path, await readFile(join(folder, 'error.log'), 'utf8'))
    return visitor.get(path, NAVIGATION)
  }

  test('a person who is signed in at the gate opens a protected page, which learns who they are', async () => {
    const { email, gate, visitor } = await signedIn(['tech-operator'])

    const { status, body, headers } = await open(visitor, gate, '/protected/')

    assert.equal(status, 200)
    assert.equal(body, 'the page protected')
    assert.equal(headers.get('x-seen-user'), email)
    const forged = await visitor.get('/protected/', { ...NAVIGATION, 'x-user': 'forged' })
    assert.equal(forged.headers.get('x-seen-user'), email)
  })

  test('a page for a role group opens for that role group only', async () => {
    const tech = await signedIn(['tech-operator'])
    const admin = await signedIn(['admin'])

    assert.equal((await open(tech.visitor, tech.gate, '/protected/admins/')).status, 401)
    assert.equal((await open(admin.visitor, admin.gate, '/protected/admins/')).status, 200)
  })

  for (const [title, end] of [
    ['sign-out at the gate', (gate: Browser) => gate.post('/sign-out')],
    [
      'a reset',
      async (_gate: Browser, email: string) => {
        const admin = await signedIn(['admin'])
        const { id } = await app.userNamed(email)
        const answer = await admin.gate.post(`/users/${id}/mfa-reset`, { reason: 'Phone lost' })
        assert.equal(answer.status, 303, answer.body)
      },
    ],
  ] as const)
    test(`the session of Apache ends after ${title}`, async () => {
      const { email, gate, visitor } = await signedIn(['tech-operator'])
      assert.equal((await open(visitor, gate, '/protected/')).status, 200)

      await end(gate, email)

      await eventually(
        'Apache was told',
        async () => (await visitor.get('/protected/', NAVIGATION)).status === 302,
      )
      assert.match(visitor.last.location ?? '', /\/oidc\/auth\?/)
    })

  test('signing out at Apache leads to the gate, which asks, and comes back', async () => {
    const { gate, visitor } = await signedIn(['tech-operator'])
    await open(visitor, gate, '/protected/')

    const away = await visitor.get(
      `/protected/callback?logout=${encodeURIComponent(`${origin}/`)}`,
      NAVIGATION,
    )

    assert.match(away.location ?? '', /\/oidc\/session\/end\?/)
    const { pathname, search } = new URL(away.location ?? '')
    const page = await gate.get(pathname + search)
    assert.equal(page.status, 200)
    assert.match(page.body, /Sign out/)
    assert.equal((await visitor.get('/protected/', NAVIGATION)).status, 302)
  })
})
