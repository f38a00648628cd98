// A user who is signed in at the gate, at the two applications behind it.
import { ExactBrowser } from '../support/exact-browser.ts'
import { FETCH, NAVIGATION } from '../support/visitor-at-host.ts'
import { HOST, type RelyingParty } from './applications.ts'
import type { Act, Entry } from './ledger.ts'
import { JourneyOver, REAL_CLOCK, type Visit } from './visit.ts'

const LEDGER = 'ledger'
const LONGEST_WAY = 8

export class ApplicationVisit {
  readonly #visit: Visit
  readonly #party: RelyingParty
  readonly #atHost: ExactBrowser
  #accessToken: string | null = null

  constructor(visit: Visit, origin: string, party: RelyingParty) {
    this.#visit = visit
    this.#party = party
    this.#atHost = new ExactBrowser(origin, REAL_CLOCK)
  }

  /** Gets a pass for the host of the application behind the proxy. */
  async enterHost(): Promise<void> {
    const begun = await this.#sendAtHost('hand-over', '/.portcullis/begin?next=%2F', NAVIGATION)
    if (begun.status !== 302) throw new JourneyOver(begun)
    const given = await this.#visit.get('hand-over', HOST, pathOf(begun.location))
    const callback = given.status === 200 ? refreshOf(this.#visit.body) : null
    if (callback === null) throw new JourneyOver(given)
    const entered = await this.#sendAtHost('enter', pathOf(callback), NAVIGATION)
    if (entered.status !== 303) throw new JourneyOver(entered)
  }

  /** What the proxy is answered about a request of the page. */
  askAtHost(): Promise<Entry> {
    return this.#sendAtHost('ask', '/auth-request', FETCH)
  }

  /** Signs in by OpenID Connect. */
  async enterLedger(): Promise<void> {
    const begun = this.#party.begin()
    const code = await this.#authorize(begun.path)
    let answer: Awaited<ReturnType<RelyingParty['redeem']>> | undefined
    const redeemed = await this.#visit.send('token', LEDGER, async () => {
      answer = await this.#party.redeem(code, begun)
      return answer
    })
    if (redeemed.status !== 200 || !answer) throw new JourneyOver(redeemed)
    this.#accessToken = await this.#party.accept(answer, begun, this.#visit.member.id)
  }

  askAtLedger(): Promise<Entry> {
    return this.#visit.send('ask', LEDGER, () => this.#party.userinfo(this.#accessToken ?? ''))
  }

  /** Follows the way through the gate to the code. */
  async #authorize(from: string): Promise<string> {
    let path = from
    for (let hop = 0; ; hop += 1) {
      const entry = await this.#visit.get('authorize', LEDGER, path)
      const next = entry.location ?? (entry.status === 200 ? refreshOf(this.#visit.body) : null)
      if (next === null || hop === LONGEST_WAY) throw new JourneyOver(entry)
      const code = new URL(next, 'http://gate').searchParams.get('code')
      if (code) return code
      if (new URL(next, 'http://gate').searchParams.has('error')) throw new JourneyOver(entry)
      path = pathOf(next)
    }
  }

  #sendAtHost(act: Act, path: string, headers: Record<string, string>): Promise<Entry> {
    return this.#visit.send(act, HOST, () =>
      this.#atHost.get(path, {
        'x-forwarded-host': HOST,
        'x-forwarded-uri': '/',
        'x-forwarded-method': 'GET',
        ...headers,
      }),
    )
  }
}

function pathOf(address: string | null): string {
  const { pathname, search } = new URL(address ?? '/', 'http://gate')
  return pathname + search
}

function refreshOf(body: string): string | null {
  const [, address] = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(body) ?? []
  return address?.replaceAll('&amp;', '&') ?? null
}
