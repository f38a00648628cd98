// What an operator's collector receives: one trace from a request through its job to the mail.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { anyFreePort } from '../../src/start/free-port.ts'
import { type Surroundings, startSurroundings, WEB } from '../faults/product.ts'
import { Browser } from '../support/browser.ts'
import { TECH } from '../support/cast.ts'
import { TestClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import { builtModule, startProcess, type TestProcess } from '../support/processes.ts'

const Attributes = z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes: Attributes,
})
const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(Span) })),
    }),
  ),
})

const received: (z.infer<typeof Span> & { service: unknown })[] = []
let bodies = ''
let takes = false
const collector = createServer(async (req, res) => {
  const body = await text(req)
  if (!takes) return res.writeHead(400).end()
  bodies += body
  for (const { resource, scopeSpans } of Export.parse(JSON.parse(body)).resourceSpans) {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue
    for (const { spans } of scopeSpans) received.push(...spans.map((span) => ({ ...span, service })))
  }
  return res.setHeader('content-type', 'application/json').end('{}')
})

let surroundings: Surroundings
let origin: string
const running: TestProcess[] = []
before(async () => {
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const { port: collectorPort } = collector.address() as AddressInfo
  surroundings = await startSurroundings(async () => {})
  const port = await anyFreePort()
  origin = `http://127.0.0.1:${port}`
  const started = [WEB, builtModule('workers/main.js')].map((module) =>
    startProcess(module, {
      ...surroundings.env,
      PORT: String(port),
      PUBLIC_URL: origin,
      OTLP_URL: `http://127.0.0.1:${collectorPort}/v1/traces`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    }),
  )
  running.push(...started)
  await Promise.all(started.map(({ ready }) => ready))
})
after(async () => {
  for (const { kill } of running) kill('SIGKILL')
  await surroundings?.stop()
  collector.close()
})

const spanNamed = (name: string) => received.find((span) => span.name === name)

test('a collector that takes nothing is logged, and requests are answered as before', async () => {
  const browser = new Browser(origin, new TestClock())
  assert.equal((await browser.get('/sign-in')).status, 200)

  await eventually('web says so', () => running[0]?.output().includes('takes no traces') ?? false)
})

test('one trace leads from the request of a password link through its job to its mail', async () => {
  takes = true
  const browser = new Browser(origin, new TestClock())
  await browser.post(
    '/forgot-password?from=outside',
    { email: TECH },
    { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
  )
  const names = ['POST /forgot-password', 'job send-notification', 'send mail']
  await eventually('the mail is sent, and all is traced', () => names.every(spanNamed))

  const [request, job, mail] = names.map(spanNamed)
  assert.deepEqual([request?.service, job?.service], ['portcullis-web', 'portcullis-worker'])
  assert.equal(job?.parentSpanId, request?.spanId)
  assert.equal(mail?.parentSpanId, job?.spanId)
  assert.equal(new Set([request, job, mail].map((span) => span?.traceId)).size, 1)
  assert.notEqual(request?.traceId, 'a'.repeat(32), 'a client does not choose the trace')
})

test('no trace holds an address, a name, a token or a query', async () => {
  const mail = surroundings.mailServer.received.at(-1)?.source.replaceAll('=\r\n', '') ?? ''
  const [, link = ''] = /reset-password\/([\w-]+)/.exec(mail) ?? []
  await new Browser(origin, new TestClock()).get(`/reset-password/${link}?q=secret-word`)
  await eventually('the request is traced', () => spanNamed('GET /reset-password/:token') !== undefined)

  for (const secret of [TECH, 'Theo', link, 'secret-word', 'from=outside', '127.0.0.1'])
    assert.ok(secret && !bodies.includes(secret), secret)
})
