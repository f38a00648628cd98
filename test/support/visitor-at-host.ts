// A browser at the host of an application, whose proxy asks the gate about each request. Here the test is the proxy.
import assert from 'node:assert/strict'
import type { TestApp } from './app.ts'
import type { Answer, Browser } from './browser.ts'
import { ExactBrowser } from './exact-browser.ts'

export const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
}
export const FETCH = { accept: '*/*', 'sec-fetch-mode': 'cors' }

export class VisitorAtHost {
  readonly host: string
  /** Keeps the cookies of the host. */
  readonly browser: Browser

  constructor(app: TestApp, host: string, browser: Browser = new ExactBrowser(app.origin, app.clock)) {
    this.host = host
    this.browser = browser
  }

  /** What the gate answers to the proxy. */
  asks(
    path = '/',
    headers: Record<string, string> = NAVIGATION,
    endpoint: '/auth-request' | '/forward-auth' = '/auth-request',
  ): Promise<Answer> {
    return this.browser.get(endpoint, {
      'x-forwarded-host': this.host,
      'x-forwarded-uri': path,
      'x-forwarded-method': 'GET',
      ...headers,
    })
  }

  /** An address below /.portcullis/, which the proxy passes to the gate. */
  visit(address: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { pathname, search } = new URL(address, `http://${this.host}`)
    return this.browser.get(pathname + search, { 'x-forwarded-host': this.host, ...NAVIGATION, ...headers })
  }

  /** Begins a hand-over. Returns the path at the gate that it leads to. */
  async begin(next = '/'): Promise<string> {
    const { status, location } = await this.visit(`/.portcullis/begin?next=${encodeURIComponent(next)}`)
    assert.equal(status, 302)
    assert.ok(location)
    const { pathname, search } = new URL(location)
    return pathname + search
  }

  /** Gets a pass by way of a browser that is signed in at the gate. Returns where the browser is then. */
  async enter(gate: Browser, next = '/'): Promise<string | null> {
    const callback = leadsTo(await gate.get(await this.begin(next)))
    const { status, location } = await this.visit(callback)
    assert.equal(status, 303)
    return location
  }
}

/** The address to which a page refreshes. */
export function leadsTo({ status, body }: Answer): string {
  assert.equal(status, 200)
  const [, address] = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(body) ?? []
  assert.ok(address, 'the page leads on')
  return address.replaceAll('&amp;', '&')
}

/** The same, with a real proxy in between. */
export class VisitorThroughProxy extends VisitorAtHost {
  constructor(app: TestApp, host: string, port: number) {
    super(app, host, new ExactBrowser(`https://127.0.0.1:${port}`, app.clock, { host }))
  }

  /** What the application answers, or the proxy in its place. */
  override asks(path = '/', headers: Record<string, string> = NAVIGATION): Promise<Answer> {
    return this.browser.get(path, headers)
  }

  override visit(address: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { pathname, search } = new URL(address, `https://${this.host}`)
    return this.browser.get(pathname + search, { ...NAVIGATION, ...headers })
  }
}
