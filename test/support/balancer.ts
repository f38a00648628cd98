// A proxy in front of several web processes. As nginx with `proxy_next_upstream error`, it asks another process where
// none took the connection, and repeats no POST that was sent.
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { SECOND } from '../../src/platform/time/durations.ts'

const ANSWER_WITHIN_MS = 10 * SECOND

/** The header that names the process of an answer by its port. */
export const ANSWERED_BY = 'x-answered-by'
/** The header of an answer to a GET that another process got first, and perhaps carried out. */
export const ASKED_AGAIN = 'x-asked-again'

export interface Balancer {
  origin: string
  /** Where the processes listen. */
  ports: readonly number[]
  close(): void
}

export async function startBalancer(): Promise<Balancer> {
  let turn = 0
  const server = createServer(async (req, res) => {
    const body = await buffer(req)
    turn += 1
    const { ports } = balancer
    const inTurn = ports.map((_, index) => ports[(turn + index) % ports.length] ?? 0)
    let askedAgain = false
    for (const port of inTurn) {
      const answer = await ask(port, req, body).catch((error) => ({ error }))
      if (!('error' in answer))
        return pass(answer, { [ANSWERED_BY]: port, ...(askedAgain && { [ASKED_AGAIN]: 'yes' }) }, res)
      if (answer.error.code === 'ECONNREFUSED') continue
      if (req.method !== 'GET') break
      askedAgain = true
    }
    res.writeHead(502).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const balancer: Balancer = {
    origin: `http://127.0.0.1:${port}`,
    ports: [],
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return balancer
}

async function ask(port: number, { method, url, headers }: IncomingMessage, body: Buffer) {
  // A connection for each request: a kept one may end while the next request is on its way.
  const { 'transfer-encoding': _, ...kept } = {
    ...headers,
    connection: 'close',
    'content-length': body.length,
  }
  const asked = request({ host: '127.0.0.1', port, method, path: url, headers: kept, agent: false })
  asked.setTimeout(ANSWER_WITHIN_MS, () => asked.destroy(new Error('no answer in time')))
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { answer, content: await buffer(answer) }
}

function pass(
  { answer, content }: { answer: IncomingMessage; content: Buffer },
  about: Record<string, string | number>,
  res: ServerResponse,
): void {
  const { connection, 'transfer-encoding': _, ...headers } = answer.headers
  res
    .writeHead(answer.statusCode ?? 502, {
      ...headers,
      ...about,
      'content-length': content.length,
    })
    .end(content)
}
