// Requests and responses are alike to V8, which is what makes their properties quick to find.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import type { Request, Response } from 'express'
import { createExpressServer } from '../../src/http/express-server.ts'

let haveSameMap: (one: object, other: object) => boolean

before(() => {
  setFlagsFromString('--allow-natives-syntax')
  haveSameMap = runInThisContext('(one, other) => %HaveSameMap(one, other)')
})
after(() => setFlagsFromString('--no-allow-natives-syntax'))

test('one request is like another to V8 when it has been answered, and so is its response', async () => {
  const { server, app } = createExpressServer()
  const seen: { req: Request; res: Response }[] = []
  app.use((req, res, next) => {
    Object.assign(res.locals, { requestId: 'of this request' })
    req.method = req.method.toUpperCase()
    next()
  })
  app.get('/:name', (req, res) => {
    seen.push({ req, res })
    res.send(`${req.params.name} of ${req.app === app}`)
  })
  server.on('request', app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    for (const name of ['one', 'two', 'three'])
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/${name}`)).text(), `${name} of true`)
    // The first may differ from all others: V8 has not seen yet what is put into them.
    const [, two, three] = seen
    assert.ok(two && three)
    assert.ok(haveSameMap(two.req, three.req), 'requests')
    assert.ok(haveSameMap(two.res, three.res), 'responses')
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
