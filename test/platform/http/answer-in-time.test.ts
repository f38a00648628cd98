// An answer does not take longer than its limit, and what ends after it does no harm.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test'
import express, { type RequestHandler } from 'express'
import { currentDeadline, type Deadline } from '../../../src/platform/db/deadline.ts'
import { sessions } from '../../../src/platform/db/schema/sessions.ts'
import { answerInTime } from '../../../src/platform/http/answer-in-time.ts'
import { errorPages, TooSlowError } from '../../../src/platform/http/errors.ts'
import { readForm } from '../../../src/platform/http/form.ts'
import { createViews, useViews } from '../../../src/platform/http/render.ts'
import { requestLog } from '../../../src/platform/http/request-log.ts'
import { cutUnreadRequests } from '../../../src/platform/http/unread-requests.ts'
import { readUpload } from '../../../src/platform/http/upload.ts'
import { createLog } from '../../../src/platform/log.ts'
import { MINUTE, SECOND } from '../../../src/platform/time/durations.ts'
import { startApp } from '../../support/app.ts'
import { judged } from '../../support/judged.ts'

const LIMIT_MS = 2 * SECOND

/** Emits that a page was reached, and takes when it may go on. */
const pages = new EventEmitter()
const printed = mock.method(console, 'error', () => {})
const server = createServer(createPages())
/** One connection for all clients, as a proxy may keep it. */
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
  app.use(cutUnreadRequests)
  app.use(answerInTime(LIMIT_MS))
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
  app.get('/left', async (_req, res) => {
    res.once('close', () => pages.emit('a connection is closed'))
    pages.emit('the deadline', currentDeadline())
    await once(pages, '/left goes on')
  })
  app.get('/takes-in', async (_req, res) => {
    pages.once('/takes-in gets more', () => res.locals.answerWithin(5 * SECOND))
    await goesOn('/takes-in')
    res.send('taken in')
  })
  app.post('/form', readForm, (_req, res) => {
    pages.emit('/form acts')
    res.send('done')
  })
  const tellDeadline: RequestHandler = (_req, res) => void res.send(String(currentDeadline()?.remainingMs))
  app.get('/deadline', tellDeadline)
  app.post('/deadline', readForm, tellDeadline)
  app.post('/deadline-of-upload', readUpload, tellDeadline)
  app.post('/refuses', (_req, res) => res.status(403).send('no'))
  app.use(errorPages)
  return app
}

async function goesOn(path: string): Promise<void> {
  pages.emit(`${path} is reached`)
  await once(pages, `${path} goes on`)
}

interface Answer {
  status: number
  retryAfter: string | null
}

/** Asks for a page; returns what becomes of it once its handler is at work. */
async function ask(path: string): Promise<{ answer: Promise<Answer> }> {
  const reached = once(pages, `${path} is reached`)
  const { port } = server.address() as AddressInfo
  const answer = new Promise<Answer>((resolve, reject) => {
    get({ agent, port, host: '127.0.0.1', path }, (res) => {
      const { statusCode: status = 0, headers } = res
      res.resume().once('end', () => resolve({ status, retryAfter: headers['retry-after'] ?? null }))
    }).once('error', reject)
  })
  await reached
  return { answer }
}

for (const path of ['/fails', '/answers'])
  test(`a page that ${path.slice(1)} after its limit is answered 503 with Retry-After, and the next request on the connection gets its own answer`, async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    const slow = await ask(path)
    mock.timers.tick(LIMIT_MS)
    mock.timers.reset()
    assert.deepEqual(await slow.answer, { status: 503, retryAfter: '5' })
    printed.mock.resetCalls()

    const another = await ask('/of-another')
    pages.emit(`${path} goes on`)
    // Express takes a few turns until it has dealt with an error.
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    pages.emit('/of-another goes on')

    assert.equal((await another.answer).status, 200)
    assert.equal(printed.mock.callCount(), 0, 'nor is it printed as a whole')
  })

test('the time of a request also ends if its client has left', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const reached = once(pages, 'the deadline')
  const { port } = server.address() as AddressInfo
  const request = get({ port, host: '127.0.0.1', path: '/left' }).on('error', () => {})
  const [deadline]: Deadline[] = await reached
  const closed = once(pages, 'a connection is closed')
  request.destroy()
  await closed

  deadline?.check()
  mock.timers.tick(LIMIT_MS)
  mock.timers.reset()

  assert.throws(() => deadline?.check(), TooSlowError)
})

test('an upload is given more time while it arrives', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const upload = await ask('/takes-in')
  mock.timers.tick(LIMIT_MS - 1)
  pages.emit('/takes-in gets more')
  mock.timers.tick(5 * SECOND - 1)
  mock.timers.reset()
  pages.emit('/takes-in goes on')

  assert.equal((await upload.answer).status, 200)
})

describe('a request whose body does not arrive', () => {
  /** Sends the head of a form and a part of its body. Returns the connection, and how its answer begins. */
  async function trickle(path: string) {
    const { port } = server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    await once(socket, 'connect')
    const arrived = once(server, 'request')
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n` +
        'Content-Type: application/x-www-form-urlencoded\r\n\r\na=',
    )
    await arrived
    return { socket, answer: once(socket, 'data').then(([text]) => String(text).split('\r\n')[0]) }
  }

  const mayAct = mock.fn()
  before(() => pages.on('/form acts', mayAct))
  beforeEach(() => {
    mayAct.mock.resetCalls()
    mock.timers.enable({ apis: ['setTimeout'] })
  })
  afterEach(() => mock.timers.reset())

  test('a request whose body does not arrive is answered 408 and its connection is cut, so that it never acts', async () => {
    const { socket, answer } = await trickle('/form')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})

    for (let waitedMs = 0; waitedMs <= 12 * SECOND; waitedMs += LIMIT_MS) mock.timers.tick(LIMIT_MS)
    assert.equal(await answer, 'HTTP/1.1 408 Request Timeout')
    socket.write('b&c=defg')
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    mock.timers.tick(SECOND)
    await closed

    assert.equal(mayAct.mock.callCount(), 0)
  })

  test('a request acts when the rest of its body arrives in time', async () => {
    const { socket, answer } = await trickle('/form')

    mock.timers.tick(2 * LIMIT_MS)
    socket.write('b&c=defg')

    assert.equal(await answer, 'HTTP/1.1 200 OK')
    assert.equal(mayAct.mock.callCount(), 1)
    socket.destroy()
  })

  test('a request that was answered before its body arrived is cut', async () => {
    const { socket, answer } = await trickle('/refuses')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})

    assert.equal(await answer, 'HTTP/1.1 403 Forbidden')
    mock.timers.tick(SECOND)

    await closed
  })
})

test('the database layer knows the deadline in every handler, also after a body', async () => {
  const { port } = server.address() as AddressInfo
  const file = new FormData()
  file.set('file', new Blob(['a,b']), 'people.csv')
  const asked = [
    fetch(`http://127.0.0.1:${port}/deadline`),
    fetch(`http://127.0.0.1:${port}/deadline`, { method: 'POST', body: new URLSearchParams({ a: '1' }) }),
    fetch(`http://127.0.0.1:${port}/deadline-of-upload`, { method: 'POST', body: file }),
  ]

  for (const answer of asked) assert.match(await (await answer).text(), /^[0-9]/)
})

test('a page that takes too long is answered 503 as a whole, and does not wait for its session to be written', async () => {
  const app = await startApp({ ANSWER_WITHIN: '2s' })
  try {
    const browser = app.browser()
    await judged(() => browser.signInWithPassword('finance@harbour.example'))
    const written = () => app.deps.db.select({ touchedAt: sessions.touchedAt }).from(sessions)
    const before = await written()
    app.clock.advance(2 * MINUTE)

    const page = await app.deps.sql.begin(async (holder) => {
      await holder`lock table audit_events in access exclusive mode`
      return browser.get('/account')
    })

    assert.equal(page.status, 503)
    assert.match(page.body, /<\/html>\s*$/)
    assert.deepEqual(await written(), before)
    assert.equal((await judged(() => browser.get('/account'))).status, 200, 'the session goes on')
    assert.notDeepEqual(await written(), before)
  } finally {
    await app.close()
  }
})
