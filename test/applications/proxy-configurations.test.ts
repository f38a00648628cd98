// The page of an application shows the configurations of the documents with the names of the application in them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeBlocksIn } from '../../src/applications/proxy-configurations.ts'
import { addApplication } from '../support/applications.ts'
import { Cast, DESK } from '../support/cast.ts'

let cast: Cast
before(async () => {
  cast = await Cast.assemble([DESK], [])
})
after(() => cast.app.close())

test('the page of an application with forward authentication has the configuration of each proxy, for its host', async () => {
  const { id } = await addApplication(cast.app.deps.db, {
    name: 'Stock',
    way: 'forward-auth',
    address: 'https://stock.example/',
    host: 'stock.example',
  })

  const { body } = await cast.as(DESK).get(`/applications/${id}`)

  const shown = body.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
  for (const file of ['nginx.md', 'caddy.md', 'haproxy.md', 'traefik.md'])
    for (const { text } of codeBlocksIn(file)) {
      const [line = ''] = text.split('\n').filter((one) => one.includes('reports.example'))
      if (line) assert.ok(shown.includes(line.replaceAll('reports.example', 'stock.example')), line)
    }
  assert.doesNotMatch(shown, /reports\.example|gate\.example/)
})

test('the page of an application with OpenID Connect has no configuration of a proxy', async () => {
  const { id } = await addApplication(cast.app.deps.db, { name: 'Ledger' })

  const { body } = await cast.as(DESK).get(`/applications/${id}`)

  assert.doesNotMatch(body, /Configuration for nginx/)
})
