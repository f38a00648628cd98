// The alerting rules and the dashboard that are shipped, against the metrics of the product.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'
import { eventually } from '../support/eventually.ts'
import { OPERATOR, OpsFixture, TOKEN } from './ops-fixture.ts'

const ALERTS = join(PROJECT_ROOT, 'docs/deploy/alerts.yml')
const DASHBOARD = join(PROJECT_ROOT, 'docs/deploy/grafana-dashboard.json')
const NO_PROMTOOL = spawnSync('promtool', ['--version']).status !== 0

const fixture = new OpsFixture('postgres')
before(async () => {
  await fixture.open()
  await fixture.startWorker()
  const id = await fixture.queueMail()
  await eventually('a job is done', async () => (await fixture.rowOf(id)).doneAt)
})
after(() => fixture.close())

for (const file of [ALERTS, DASHBOARD])
  test(`each metric of ${file.split('/').at(-1)} is one of the product's`, async () => {
    const names = namesIn(file)
    const { body } = await fixture.app.browser().get('/ops/metrics', { authorization: `Bearer ${TOKEN}` })

    const offered = new Set([...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name))
    const unknown = names.filter((name) => !offered.has(name.replace(/_(bucket|count|sum)$/, '')))
    assert.ok(names.length > 10)
    assert.deepEqual(unknown, [])
  })

test('the metrics show sign-ins, stages, jobs, pools and processes', async () => {
  const { body } = await fixture.app.browser().get('/ops/metrics', { authorization: `Bearer ${TOKEN}` })

  for (const line of [
    /^portcullis_recent_events\{action="sign-in.completed",outcome="success"\} [1-9]/m,
    /^portcullis_stage_transitions_total\{from="verify",to="signed-in"\} [1-9]/m,
    /^portcullis_recent_jobs\{job="send-notification"\} [1-9]/m,
    /^portcullis_recent_job_seconds\{job="send-notification",quantile="0.99"\} \d/m,
    /^portcullis_recent_jobs_bucket\{job="send-notification",le="0.1"\} \d/m,
    /^portcullis_recent_jobs_bucket\{job="send-notification",le="\+Inf"\} [1-9]/m,
    /^portcullis_resets_open 0$/m,
    /^portcullis_password_checks\{state="waiting"\} 0$/m,
    /^portcullis_database_statements\{pool="main",state="running"\} \d/m,
    /^portcullis_database_connections [1-9]/m,
    /^portcullis_process_info\{version="\d+\.\d+\.\d+"\} 1$/m,
    /^nodejs_eventloop_lag_p99_seconds /m,
  ])
    assert.match(body, line)
})

test('a code that is wrong and a lock are in the metrics, and no sign-in is completed by them', async () => {
  const scrape = async () =>
    (await fixture.app.browser().get('/ops/metrics', { authorization: `Bearer ${TOKEN}` })).body
  const completed = (body: string) =>
    /^portcullis_recent_events\{action="sign-in.completed".*$/m.exec(body)?.[0]
  const earlier = completed(await scrape())
  const browser = Object.assign(fixture.app.browser(), { secret: fixture.operator.secret })
  await browser.signInWithPassword(OPERATOR)
  for (let wrong = 1; wrong <= 5; wrong += 1) await browser.verify(browser.wrongCode())

  const body = await scrape()

  assert.match(body, /^portcullis_recent_events\{action="sign-in.code",outcome="failure"\} 5$/m)
  assert.match(body, /^portcullis_recent_events\{action="lockout.started",outcome="success"\} 1$/m)
  assert.match(body, /^portcullis_locks_in_force\{kind="code"\} 1$/m)
  assert.equal(completed(body), earlier)
})

test('promtool accepts the alerting rules', { skip: NO_PROMTOOL && 'promtool is not installed' }, () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', ALERTS], { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})

/** The names of metrics in the expressions of a file. */
function namesIn(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...new Set(text.match(/\b(portcullis|http|nodejs|process)_[a-z0-9_]+\b/g))]
}
