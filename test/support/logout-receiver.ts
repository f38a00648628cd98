// An application's back-channel logout endpoint, which verifies each token as the specification asks it to.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import type { readEncryptionKeys } from '../../src/config.ts'
import type { Database } from '../../src/platform/db/client.ts'
import type { Clock } from '../../src/platform/time/clock.ts'
import { readSigningKeys } from '../../src/signing-keys/signing-keys.queries.ts'

interface Gate {
  db: Database
  clock: Clock
  config: { ENCRYPTION_KEYS: ReturnType<typeof readEncryptionKeys>; PUBLIC_URL: string }
}

export interface ReceivedToken {
  claims: JWTPayload
  alg: string | undefined
  /** Milliseconds of `performance.now()`. */
  at: number
}

export class LogoutReceiver {
  readonly received: ReceivedToken[] = []
  /** Requests that were not a valid logout token. */
  readonly refused: unknown[] = []
  /** The number of requests, verified or not. */
  requests = 0
  /** Answers instead of the usual 200, in turn. */
  readonly answers: number[] = []
  /** Takes requests and never answers, before or after the token was verified. */
  hangs: 'at once' | 'verified' | null = null
  readonly #gate: Gate
  readonly #server = createServer((req, res) => void this.#answer(req, res))

  constructor(gate: Gate) {
    this.#gate = gate
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/logout`
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  about(sid: string): ReceivedToken[] {
    return this.received.filter(({ claims }) => claims.sid === sid)
  }

  async #answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.requests += 1
    let body = ''
    for await (const chunk of req) body += chunk
    if (this.hangs === 'at once') return
    try {
      await this.#verify(req, body)
      if (this.hangs === 'verified') return
      const status = this.answers.shift() ?? 200
      const elsewhere = status === 302 ? { location: this.uri } : {}
      res.writeHead(status, { 'cache-control': 'no-store', ...elsewhere }).end()
    } catch (error) {
      this.refused.push(error)
      res.writeHead(400).end()
    }
  }

  async #verify(req: IncomingMessage, body: string): Promise<void> {
    if (
      req.method !== 'POST' ||
      !/^application\/x-www-form-urlencoded/.test(req.headers['content-type'] ?? '')
    )
      throw new Error('not a form')
    const form = new URLSearchParams(body)
    const token = form.get('logout_token') ?? ''
    const { db, clock, config } = this.#gate
    const keys = await readSigningKeys(db, config.ENCRYPTION_KEYS, clock.now())
    const published = keys.map(({ privateJwk: { kty, n, e, crv, x, kid, alg, use } }) =>
      JSON.parse(JSON.stringify({ kty, n, e, crv, x, kid, alg, use })),
    )
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: published }), {
      issuer: `${config.PUBLIC_URL}/oidc`,
      typ: 'logout+jwt',
      requiredClaims: ['aud', 'sub', 'sid', 'jti', 'iat', 'exp', 'events'],
      maxTokenAge: '3m',
      currentDate: clock.now(),
    })
    const { events, nonce } = payload
    if (
      nonce !== undefined ||
      !Object.hasOwn(Object(events), 'http://schemas.openid.net/event/backchannel-logout')
    )
      throw new Error('not a logout token')
    this.received.push({ claims: payload, alg: decodeProtectedHeader(token).alg, at: performance.now() })
  }
}
