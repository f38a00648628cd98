// A browser that sends exactly the given headers. `fetch` adds Sec-Fetch-Mode, and sends no Host and no Upgrade.
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { type Answer, Browser } from './browser.ts'

export class ExactBrowser extends Browser {
  readonly #address: string
  readonly #headers: Record<string, string>

  /** `headers` are sent with every request. */
  constructor(
    address: string,
    clock: ConstructorParameters<typeof Browser>[1],
    headers: Record<string, string> = {},
  ) {
    super(address, clock)
    this.#address = address
    this.#headers = headers
  }

  override async request(...[method, path, init = {}]: Parameters<Browser['request']>): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { protocol, hostname, port } = new URL(this.#address)
    const sent = (protocol === 'https:' ? secureRequest : request)({
      hostname,
      port,
      // As it is: URL would resolve dot segments.
      path,
      method,
      // Certificates of tests are signed by themselves.
      rejectUnauthorized: false,
      headers: { ...(cookie && { cookie }), ...this.#headers, ...init.headers },
    })
    sent.end(init.body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    for (const line of response.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.cookies.set(name, value)
    }
    const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
    this.last = {
      status: response.statusCode ?? 0,
      location: response.headers.location ?? null,
      headers: new Headers(headers as [string, string][]),
      body: await text(response),
    }
    return this.last
  }
}
