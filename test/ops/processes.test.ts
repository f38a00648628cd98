// The processes that /ops names, read from their connections to the database.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AUDIT_KEYS, ENCRYPTION_KEYS } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { builtModule, startProcess } from '../support/processes.ts'
import { OpsFixture, TOKEN } from './ops-fixture.ts'

const fixture = new OpsFixture('postgres')
before(() => fixture.open())
after(() => fixture.close())

test('/ops shows the database server, the queues and the rates of sign-ins', async () => {
  const { body } = await fixture.operator.get('/ops')

  assert.match(body, /data-server="postgresql">\d+\.\d+.*, since <time/)
  assert.match(body, /data-server="queues">PostgreSQL, reachable</)
  assert.match(body, /data-count="connections">\d+ of \d+</)
  assert.match(body, /data-count="sign-ins">0\.2</)
  assert.match(body, /data-count="failed-sign-ins">0</)
})

// The last one: the worker has the real clock, and sweeps what is expired by it.
test('/ops and the metrics name a worker with its version while it lives, and not after', async () => {
  const { config } = fixture.app.deps
  const worker = startProcess(builtModule('workers/main.js'), {
    DATABASE_URL: config.DATABASE_URL,
    PUBLIC_URL: config.PUBLIC_URL,
    SMTP_URL: fixture.mailServer.url,
    MAIL_FROM: config.MAIL_FROM,
    SESSION_SECRET: 'a-secret-for-tests-only-which-is-long-enough',
    ENCRYPTION_KEYS,
    AUDIT_KEYS,
  })
  await worker.ready

  const page = await fixture.operator.get('/ops')
  const metrics = await fixture.app.browser().get('/ops/metrics', { authorization: `Bearer ${TOKEN}` })

  const [, row = ''] = /data-process="worker">(.*?)<\/tr>/s.exec(page.body) ?? []
  assert.match(row, /worker \d+<.*Version<\/span><span>\d+\.\d+\.\d+<.*<time/s)
  assert.match(metrics.body, /^portcullis_processes\{process="worker",version="\d+\.\d+\.\d+"\} 1$/m)
  worker.kill('SIGKILL')
  await worker.ended
  await eventually('it is gone', async () => {
    const { body } = await fixture.operator.get('/ops')
    return !body.includes('data-process="worker"')
  })
})
