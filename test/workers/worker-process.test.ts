// The worker as a process of its own: killed, stopped, badly configured, started too early.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { builtModule, startProcess } from '../support/processes.ts'
import { onEachEngine } from './worker-fixture.ts'

const MAIN = builtModule('workers/main.js')
const WITH_SHORT_TIMES = builtModule('test/workers/worker-process.js')

onEachEngine('the worker process', (fixture) => {
  test('a worker killed in the middle of a job is replaced by another, and the effect happens once', async () => {
    fixture.mailServer.stalling = true
    const killed = startProcess(WITH_SHORT_TIMES, fixture.environment)
    await killed.ready
    const { notificationId } = await fixture.queueMail()
    await eventually('the mail server has the mail', () => fixture.mailServer.read === 1)

    killed.kill('SIGKILL')
    await killed.ended
    fixture.mailServer.stalling = false
    await fixture.startWorker()
    await fixture.allDone()

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
  })

  test('a worker that is stopped finishes its job and exits', async () => {
    fixture.mailServer.stalling = true
    const worker = startProcess(MAIN, fixture.environment)
    await worker.ready
    const { notificationId } = await fixture.queueMail()
    const read = fixture.mailServer.read
    await eventually('the mail server has the mail', () => fixture.mailServer.read > read)

    worker.kill('SIGTERM')
    await eventually('it says so', () => worker.output().includes('finishes its running jobs'))
    fixture.mailServer.answerStalled()
    const code = await worker.ended

    assert.equal(code, 0)
    assert.equal(fixture.mailsAbout(notificationId).length, 1)
    assert.ok(await fixture.sentAt(notificationId))
    fixture.mailServer.stalling = false
  })

  test('an invalid configuration is explained, and nothing starts', async () => {
    const { DATABASE_URL, ...incomplete } = fixture.environment

    const worker = startProcess(MAIN, { ...incomplete, LOG_LEVEL: 'loud' })
    worker.ready.catch(() => {})

    assert.equal(await worker.ended, 1)
    assert.match(worker.output(), /DATABASE_URL must be given/)
    assert.match(worker.output(), /LOG_LEVEL/)
    assert.ok(DATABASE_URL)
  })

  test('while the database is away the worker waits, says so once, and can be stopped', async () => {
    const worker = startProcess(MAIN, {
      ...fixture.environment,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
    })
    worker.ready.catch(() => {})

    await eventually('it says so', () => worker.output().includes('The worker cannot start'))
    worker.kill('SIGTERM')

    assert.equal(await worker.ended, 0)
    assert.equal(worker.output().split('The worker cannot start').length, 2)
  })
})
