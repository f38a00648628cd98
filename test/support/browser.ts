// A browser without a screen: keeps cookies, follows links and fills in forms as a person would.
import assert from 'node:assert/strict'
import type { TestClock } from './clock.ts'
import { base32Decode, totp } from './rfc6238.ts'

export const DEMO_PASSWORD = 'demo-password-please-change'

export interface Answer {
  status: number
  location: string | null
  headers: Headers
  body: string
}

export type Fields = Record<string, string> | [string, string][]

/** The clock of the authenticator app. */
type PhoneClock = Pick<TestClock, 'now' | 'advance'>

export class Browser {
  readonly #origin: string
  readonly #clock: PhoneClock
  readonly cookies = new Map<string, string>()
  /** The authenticator app on this person's phone: the key scanned last. */
  secret: Buffer | null = null
  last: Answer = { status: 0, location: null, headers: new Headers(), body: '' }

  constructor(origin: string, clock: PhoneClock) {
    this.#origin = origin
    this.#clock = clock
  }

  async request(
    method: string,
    path: string,
    init: { headers?: Record<string, string>; body?: string | Uint8Array<ArrayBuffer> } = {},
  ) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(new URL(path, this.#origin), {
      method,
      redirect: 'manual',
      headers: { ...(cookie && { cookie }), ...init.headers },
      ...(init.body !== undefined && { body: init.body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    this.last = {
      status: response.status,
      location: response.headers.get('location'),
      headers: response.headers,
      body: await response.text(),
    }
    return this.last
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', path, { headers })
  }

  post(path: string, fields: Fields = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('POST', path, {
      headers: {
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
      },
      body: new URLSearchParams(fields).toString(),
    })
  }

  signInWithPassword(email: string, password = DEMO_PASSWORD): Promise<Answer> {
    return this.post('/sign-in', { email, password })
  }

  /** Opens the enrolment page and puts its key into the authenticator app. */
  async scanKey(): Promise<Buffer> {
    const page = await this.get('/mfa/enrol')
    assert.equal(page.status, 200, 'the enrolment page opens')
    this.secret = keyOn(page.body)
    return this.secret
  }

  /** The code the authenticator app shows now, or `drift` steps away from now. */
  code(drift = 0): string {
    assert.ok(this.secret, 'a key was scanned')
    return totp(this.secret, this.#clock.now(), { drift })
  }

  /** A code that no nearby step has. */
  wrongCode(): string {
    const right = new Set([-3, -2, -1, 0, 1, 2, 3].map((drift) => (this.secret ? this.code(drift) : '')))
    for (let candidate = 0; ; candidate += 1) {
      const code = String(candidate).padStart(6, '0')
      if (!right.has(code)) return code
    }
  }

  async enrol(): Promise<Answer> {
    await this.scanKey()
    return this.post('/mfa/enrol', { code: this.code() })
  }

  verify(code = this.code()): Promise<Answer> {
    return this.post('/mfa/verify', { code })
  }

  /** The next code: a step later than the last one used. */
  nextCode(): string {
    this.#clock.advance(30_000)
    return this.code()
  }

  /** Password, enrolment and first code, up to the open dashboard. */
  async enrolAndSignIn(email: string): Promise<Answer> {
    assert.equal((await this.signInWithPassword(email)).location, '/mfa/enrol')
    assert.equal((await this.enrol()).location, '/mfa/verify')
    return this.verify(this.nextCode())
  }

  /** Password and code of an enrolled user. */
  async signIn(email: string): Promise<Answer> {
    assert.equal((await this.signInWithPassword(email)).location, '/mfa/verify')
    return this.verify(this.nextCode())
  }
}

/** The message beside a field; empty if there is none. */
export function problemOf({ body }: Answer, field: string): string {
  const [, problem] = new RegExp(`id="${field}-problem"[^>]*>.*?<span>(.*?)</span>`, 's').exec(body) ?? []
  return problem ?? ''
}

/** The fields that have a message. */
export function fieldsWithProblem({ body }: Answer): string[] {
  return [...body.matchAll(/class="alert" id="([a-zA-Z]+)-problem"/g)].map(([, field = '']) => field)
}

/** The key a page shows for typing. */
export function keyOn(html: string): Buffer {
  const [, key] = /id="manual-key"[^>]*>([^<]+)</.exec(html) ?? []
  assert.ok(key, 'the page shows a key for typing')
  return base32Decode(key)
}
