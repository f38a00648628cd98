import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { beforeEach, test } from 'node:test'
import { clearLockedPorts } from 'get-port'
import { anyFreePort, choosePort } from '../../src/start/free-port.ts'
import { StartError } from '../../src/start/start-error.ts'

// The library remembers for some seconds which ports it gave.
beforeEach(clearLockedPorts)

async function listenOn(port: number, host: string): Promise<Server> {
  const server = createServer().listen(port, host)
  await once(server, 'listening')
  return server
}

test('a configured port is taken as it is, and refused by name when it is in use', async () => {
  const port = await anyFreePort()
  clearLockedPorts()
  assert.equal(await choosePort('PORT', '127.0.0.1', port, 3000), port)
  clearLockedPorts()
  const other = await listenOn(port, '127.0.0.1')

  await assert.rejects(
    choosePort('PORT', '127.0.0.1', port, 3000),
    (error) => error instanceof StartError && error.message.includes(`PORT=${port}`),
  )
  other.close()
})

test('without a configured port the next free one after the default is chosen', async () => {
  const usual = await anyFreePort()
  const other = await listenOn(usual, '127.0.0.1')
  clearLockedPorts()

  assert.ok((await choosePort('PORT', '127.0.0.1', undefined, usual)) > usual)
  other.close()
})

test('a port that is in use on ::1 is not free, since a browser may use it for localhost', async (t) => {
  const port = await anyFreePort()
  const other = await listenOn(port, '::1').catch(() => null)
  if (!other) return t.skip('this machine has no ::1')
  clearLockedPorts()

  await assert.rejects(choosePort('PORT', '127.0.0.1', port, 3000), StartError)
  other.close()
})

test('an address that is not of this machine is refused', async () => {
  await assert.rejects(choosePort('PORT', '192.0.2.1', undefined, 3000), /HOST=192\.0\.2\.1/)
})
