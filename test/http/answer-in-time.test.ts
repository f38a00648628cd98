// Nobody waits long for an answer, and what comes to its end after it harms nobody.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, mock, test } from 'node:test'
import express from 'express'
import { answerInTime } from '../../src/http/answer-in-time.ts'
import { errorPages } from '../../src/http/errors.ts'
import { createViews, useViews } from '../../src/http/render.ts'
import { requestLog } from '../../src/http/request-log.ts'
import { createLog } from '../../src/log.ts'
import { SECOND } from '../../src/time/durations.ts'

/** Emits that a page was reached, and takes when it may go on. */
const pages = new EventEmitter()
const printed = mock.method(console, 'error', () => {})
const server = createServer(createPages())
/** One connection for everybody, as a proxy may keep it. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => {
  agent.destroy()
  server.close()
  mock.reset()
})

function createPages() {
  const app = express()
  useViews(app, createViews())
  app.use(requestLog(createLog('test', 'silent')))
  app.use((req, res, next) => {
    Object.assign(res.locals, { requestId: req.id, stage: 'signed-out', person: null })
    next()
  })
  app.use(answerInTime)
  app.get('/fails', async () => {
    await goesOn('/fails')
    throw new Error('too late')
  })
  app.get('/answers', async (_req, res) => {
    await goesOn('/answers')
    res.send('an answer')
  })
  app.get('/of-another', async (_req, res) => {
    await goesOn('/of-another')
    res.send('for another person')
  })
  app.get('/takes-in', async (_req, res) => {
    pages.once('/takes-in gets more', res.locals.restartPatience)
    await goesOn('/takes-in')
    res.send('taken in')
  })
  app.use(errorPages)
  return app
}

async function goesOn(path: string): Promise<void> {
  pages.emit(`${path} is reached`)
  await once(pages, `${path} goes on`)
}

/** Asks for a page; returns what becomes of it once its handler is at work. */
async function ask(path: string): Promise<{ answer: Promise<number> }> {
  const reached = once(pages, `${path} is reached`)
  const { port } = server.address() as AddressInfo
  const answer = new Promise<number>((resolve, reject) => {
    get({ agent, port, host: '127.0.0.1', path }, (res) => {
      res.resume().once('end', () => resolve(res.statusCode ?? 0))
    }).once('error', reject)
  })
  await reached
  return { answer }
}

for (const path of ['/fails', '/answers'])
  test(`after five seconds the answer is 503; that the page then ${path.slice(1)} reaches nobody else on the connection`, async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const slow = await ask(path)
    mock.timers.tick(5 * SECOND)
    mock.timers.reset()
    assert.equal(await slow.answer, 503)
    printed.mock.resetCalls()

    const another = await ask('/of-another')
    pages.emit(`${path} goes on`)
    // Express takes a few turns until it has dealt with an error.
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    pages.emit('/of-another goes on')

    assert.equal(await another.answer, 200)
    assert.equal(printed.mock.callCount(), 0, 'nor is it printed as a whole')
  })

test('as long as the browser is sending what is to be answered the five seconds begin anew', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const upload = await ask('/takes-in')
  mock.timers.tick(4 * SECOND)
  pages.emit('/takes-in gets more')
  mock.timers.tick(4 * SECOND)
  mock.timers.reset()
  pages.emit('/takes-in goes on')

  assert.equal(await upload.answer, 200)
})
