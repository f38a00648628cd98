// One user in one browser. Each request is written into the ledger.
import { type Answer, Browser, type Fields, keyOn } from '../support/browser.ts'
import { type Act, type Entry, isAcknowledged, type Ledger, outcomeOf, type Request } from './ledger.ts'
import type { Member, ShownCode } from './people.ts'

/** Thrown when a journey cannot go on: it was answered 503, not at all, or otherwise than it hoped. */
export class JourneyOver extends Error {
  readonly entry: Entry

  constructor(entry: Entry) {
    super(outcomeOf(entry))
    this.entry = entry
  }
}

export const REAL_CLOCK = { now: () => new Date(), advance: () => {} }

export class Visit {
  readonly member: Member
  readonly #ledger: Ledger
  readonly #session: number
  readonly #browser: Browser

  constructor(ledger: Ledger, origin: string, member: Member) {
    this.member = member
    this.#ledger = ledger
    this.#session = ledger.newSession()
    this.#browser = new Browser(origin, REAL_CLOCK)
  }

  /** Of the last answer. */
  get body(): string {
    return this.#browser.last.body
  }

  /** A page of the gate on the way to an application. */
  get(act: Act, about: string, path: string): Promise<Entry> {
    return this.send(act, about, () => this.#browser.get(path))
  }

  /** A request that belongs to this session, sent by another program. */
  send(act: Act, about: string, send: () => Promise<Answer>): Promise<Entry> {
    return this.#send({ act, about }, send)
  }

  /** Up to the code. After a reset that includes enrolling again. */
  async signIn(): Promise<void> {
    if ((await this.#givePassword()) === '/mfa/enrol') await this.#enrol()
  }

  async #givePassword(): Promise<'/mfa/verify' | '/mfa/enrol'> {
    const { email, password } = this.member
    const entry = await this.#post('sign-in', '/sign-in', { email, password })
    if (entry.status !== 303 || (entry.location !== '/mfa/verify' && entry.location !== '/mfa/enrol'))
      throw new JourneyOver(entry)
    // An enrolment whose answer was lost came through.
    if (entry.location === '/mfa/verify') this.member.adopt()
    return entry.location
  }

  async tryWrongPassword(): Promise<Entry> {
    const { email } = this.member
    return this.#post('sign-in', '/sign-in', { email, password: 'not my password' }, { right: false })
  }

  /** Scans a key and confirms it. */
  async #enrol(): Promise<void> {
    const page = await this.#send({ act: 'page', about: '/mfa/enrol' }, () => this.#browser.get('/mfa/enrol'))
    if (page.status !== 200) throw new JourneyOver(page)
    const { member } = this
    const key = keyOn(this.#browser.last.body)
    member.scan(key)
    const { code, name } = await member.freshCode(key)
    const entry = await this.#post('enrol', '/mfa/enrol', { code }, { about: name })
    if (outcomeOf(entry) !== 'enrol 303 /mfa/verify') throw new JourneyOver(entry)
    member.adopt()
  }

  async verify(shown?: ShownCode): Promise<void> {
    const { code, name } = shown ?? (await this.member.freshCode())
    const entry = await this.#post('verify', '/mfa/verify', { code }, { about: name })
    if (outcomeOf(entry) !== 'verify 303 /') throw new JourneyOver(entry)
  }

  /** Whatever comes of it. */
  async tryCode(right: boolean): Promise<Entry> {
    const { code, name } = right
      ? await this.member.freshCode()
      : { code: this.member.wrongCode(), name: 'none' }
    return this.#post('verify', '/mfa/verify', { code }, { about: name, right })
  }

  /** Opens a page behind the gate. */
  async look(): Promise<Entry> {
    return this.#send({ act: 'page', about: '/account' }, () => this.#browser.get('/account'))
  }

  async signOut(): Promise<Entry> {
    return this.#post('sign-out', '/sign-out', {})
  }

  async askForPassword(): Promise<Entry> {
    return this.#post('forgot-password', '/forgot-password', { email: this.member.email })
  }

  /** An act of an Admin or an agent. */
  async act(act: Act, about: string, path: string, fields: Fields): Promise<Entry> {
    const entry = await this.#post(act, path, fields, { about })
    if (!isAcknowledged(entry)) throw new JourneyOver(entry)
    return entry
  }

  #post(act: Act, path: string, fields: Fields, facts: { about?: string; right?: boolean } = {}) {
    return this.#send({ act, ...facts }, () => this.#browser.post(path, fields))
  }

  #send(
    { act, about = this.member.id, right = true }: Pick<Request, 'act'> & Partial<Request>,
    send: () => Promise<Answer>,
  ): Promise<Entry> {
    return this.#ledger.send({ act, person: this.member.id, session: this.#session, about, right }, send)
  }
}
