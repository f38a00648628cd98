// A rolling update: the release before serves beside this one on the migrated database. OLD_RELEASE is the folder of a
// built old release; see docs/develop.md.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { and, eq, isNull } from 'drizzle-orm'
import { mfaResets } from '../../src/platform/db/schema/mfa-resets.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { anyFreePort } from '../../src/start/free-port.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { Browser } from '../support/browser.ts'
import { ADMIN, ADMIN2, EVIDENCE } from '../support/cast.ts'
import { AUDIT_KEYS, ENCRYPTION_KEYS } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { People } from '../support/people.ts'
import { builtModule, startProcess, type TestProcess } from '../support/processes.ts'
import { SmtpServer } from '../support/smtp-server.ts'
import { startWebProcesses } from '../support/web-processes.ts'

const { OLD_RELEASE } = process.env
const NEW_PASSWORD = 'a new password that is long enough'
const ENVIRONMENT = {
  PUBLIC_URL: 'http://localhost:9',
  MAIL_FROM: 'Portcullis <gate@portcullis.test>',
  SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
  ENCRYPTION_KEYS,
  AUDIT_KEYS,
}
const REAL_CLOCK = {
  now: () => new Date(),
  advance: () => assert.fail('the real clock cannot be moved'),
}

describe('beside the release before', { skip: !OLD_RELEASE && 'OLD_RELEASE is not set' }, () => {
  const ofOldRelease = (module: string) => join(OLD_RELEASE ?? '', 'dist', module)
  let app: TestApp
  let people: People
  let both: Balancer
  let oldOrigin: string
  let mailServer: SmtpServer
  const processes: TestProcess[] = []
  before(async () => {
    app = await startApp()
    people = new People(app)
    mailServer = await new SmtpServer().start()
    both = await startBalancer()
    const [oldPort, newPort] = [await anyFreePort(), await anyFreePort()]
    oldOrigin = `http://127.0.0.1:${oldPort}`
    both.ports = [oldPort, newPort]
    const started = [
      ...startWebProcesses(app, both.origin, [oldPort], ofOldRelease('src/web.js')),
      ...startWebProcesses(app, both.origin, [newPort]),
    ]
    processes.push(...started)
    await Promise.all(started.map(({ ready }) => ready))
  })
  after(async () => {
    for (const each of processes) each.kill('SIGKILL')
    both?.close()
    await mailServer?.stop()
    await app?.close()
  })

  async function work(module: string): Promise<void> {
    const { DATABASE_URL } = app.deps.config
    const worker = startProcess(module, { ...ENVIRONMENT, DATABASE_URL, SMTP_URL: mailServer.url })
    processes.push(worker)
    await eventually('every job is done', async () => {
      return (await app.deps.db.$count(outbox, and(isNull(outbox.doneAt), isNull(outbox.dueAt)))) === 0
    })
    worker.kill('SIGTERM')
    await worker.ended
  }

  const ROUNDS = [
    { title: 'on the old release alone', at: () => oldOrigin, admin: ADMIN, worker: ofOldRelease },
    { title: 'with every second request on each', at: () => both.origin, admin: ADMIN2, worker: builtModule },
  ]

  for (const { title, at, admin, worker } of ROUNDS)
    test(`sign-in, codes, a reset, an invitation, a lock and the mail about the reset work ${title}`, async () => {
      const browserOf = (secret: Buffer | null = null) =>
        Object.assign(new Browser(at(), REAL_CLOCK), { secret })
      const user = await people.add('Harbour Group', ['tech-operator'])
      const browser = browserOf(await people.enrol(user.id))
      const admins = browserOf(await people.enrol((await app.userNamed(admin)).id))

      assert.equal((await browser.signInWithPassword(user.email)).location, '/mfa/verify')
      assert.equal((await browser.verify(browser.wrongCode())).status, 401)
      assert.equal((await browser.verify()).location, '/')
      await admins.signInWithPassword(admin)
      assert.equal((await admins.verify()).location, '/')
      for (const page of ['/', '/users', `/users/${user.id}`, '/mfa-policy', '/audit', '/account'])
        assert.equal((await admins.get(page)).status, 200, page)

      assert.equal((await admins.post(`/users/${user.id}/mfa-reset`, EVIDENCE)).status, 303)
      assert.equal((await browser.get('/')).location, '/sign-in')
      assert.equal((await browser.signInWithPassword(user.email)).location, '/mfa/enrol')
      assert.equal((await browser.enrol()).location, '/mfa/verify')
      assert.equal((await browser.verify(browser.code(1))).location, '/')

      const newcomer = people.newcomer({ email: `invited-by-${admin}` })
      assert.equal((await admins.post('/users', newcomer)).status, 303)
      const invited = browserOf()
      const link = await people.invitationLink(newcomer.email ?? '')
      assert.equal((await invited.get(link)).status, 200)
      assert.equal((await invited.post(link, { password: NEW_PASSWORD })).location, '/')

      const stranger = browserOf()
      for (let guess = 1; guess <= 5; guess += 1)
        await stranger.signInWithPassword(user.email, 'not the password at all')
      assert.equal((await stranger.signInWithPassword(user.email)).status, 429)

      await work(worker('workers/main.js'))
      const [reset] = await app.deps.db.select().from(mfaResets).where(eq(mfaResets.userId, user.id))
      assert.equal(reset?.status, 'completed')
      assert.ok(mailServer.received.some(({ to }) => to.includes(user.email)))
    })
})
