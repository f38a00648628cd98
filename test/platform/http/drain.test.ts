// A stopping server answers the requests in flight and waits for no others.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { drainOf } from '../../../src/platform/http/drain.ts'
import { HOUR, SECOND } from '../../../src/platform/time/durations.ts'

/** So patient that a test which waits for it does not end. */
const PATIENCE_MS = HOUR

async function serve(listener: RequestListener, serveOnMs = 0) {
  const server = createServer(listener)
  const drain = drainOf(server, { serveOnMs, patienceMs: PATIENCE_MS })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { drain, port, origin: `http://127.0.0.1:${port}` }
}

test('a connection that a browser opened ahead without a request delays no stop', async () => {
  const { drain, port, origin } = await serve((_req, res) => res.end())
  const ahead = connect(port, '127.0.0.1')
  await once(ahead, 'connect')
  // This request came later, so the server knows of the other one.
  await fetch(origin)

  await drain()

  if (!ahead.closed) await once(ahead, 'close')
})

test('a request received before the stop is answered completely', async () => {
  const held: ServerResponse[] = []
  const { drain, origin } = await serve((_req, res) => {
    res.write('begin ')
    held.push(res)
  })
  const answer = await fetch(origin)

  const drained = drain()
  held[0]?.end('end')

  assert.equal(await answer.text(), 'begin end')
  await drained
  await assert.rejects(fetch(origin))
})

test('a stopping server serves for a moment and announces on each answer that the connection closes', async () => {
  const held: ServerResponse[] = []
  const { drain, origin } = await serve((req, res) => {
    if (req.url === '/slow') held.push(res)
    else res.end('served')
  }, 3 * SECOND)
  const before = await fetch(`${origin}/`)
  const underWay = fetch(`${origin}/slow`)
  while (held.length === 0) await new Promise(setImmediate)

  const drained = drain()
  const during = await fetch(`${origin}/`)
  held[0]?.end('served')

  assert.equal(before.headers.get('connection'), 'keep-alive')
  assert.deepEqual([during.status, during.headers.get('connection')], [200, 'close'])
  assert.equal((await underWay).headers.get('connection'), 'close')
  await drained
  await assert.rejects(fetch(origin))
})
