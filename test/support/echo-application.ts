// An application behind a proxy that shows what arrives.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

const HTMX = join(dirname(createRequire(import.meta.url).resolve('htmx.org')), 'htmx.min.js')

/** What the application saw of a request. */
export interface Seen {
  method: string
  url: string
  /** In their order and letter case: name, value, name, value … */
  rawHeaders: string[]
  headers: Record<string, string | string[] | undefined>
  body: string
}

export interface EchoApplication {
  port: number
  /** Every request that reached it. */
  seen: Seen[]
  close(): Promise<void>
}

/** Answers each request with what arrived: as JSON, at `/page` as a page with htmx. It also takes WebSockets. */
export async function startEchoApplication(): Promise<EchoApplication> {
  const seen: Seen[] = []
  const server = createServer(async (req, res) => {
    const body = await text(req)
    const request = seenOf(req, body)
    seen.push(request)
    if (req.url === '/htmx.js')
      return res.setHeader('content-type', 'text/javascript').end(readFileSync(HTMX))
    if (req.url === '/part') return res.setHeader('content-type', 'text/html').end('<b>Loaded</b>')
    if (req.url?.startsWith('/page')) return res.setHeader('content-type', 'text/html').end(page(request))
    res.setHeader('content-type', 'application/json').end(JSON.stringify(request))
  })
  server.on('upgrade', (req: IncomingMessage, socket) => {
    seen.push(seenOf(req, ''))
    const accept = createHash('sha1')
      .update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    // A text frame: 'hello'.
    socket.write(Buffer.from([0x81, 5, ...Buffer.from('hello')]))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function seenOf({ method = '', url = '', rawHeaders, headers }: IncomingMessage, body: string): Seen {
  return { method, url, rawHeaders, headers, body }
}

function page({ headers }: Seen): string {
  return `<!doctype html><html lang="en"><title>Reports</title><script src="/htmx.js"></script>
<h1>Reports of ${headers['x-portcullis-email']}</h1>
<button hx-get="/part" hx-target="#part">Load</button><p id="part"></p>
<form method="post" action="/.portcullis/sign-out"><button>Sign out</button></form>`
}
