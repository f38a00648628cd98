// The application's back-channel logout endpoint. It keeps every token it is sent.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export class LogoutTokens {
  readonly received: string[] = []
  readonly #server = createServer(async (req, res) => {
    const token = new URLSearchParams(await text(req).catch(() => '')).get('logout_token')
    if (token !== null) this.received.push(token)
    res.end()
  })

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/logout`
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
