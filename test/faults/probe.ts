// Opens a page behind the gate at a fixed rate, whatever else happens: it tells how long the product is away.
import { setTimeout as pause } from 'node:timers/promises'
import { SECOND } from '../../src/platform/time/durations.ts'
import { ANSWERED_BY } from '../support/balancer.ts'
import { Browser } from '../support/browser.ts'
import { judged } from '../support/judged.ts'
import type { Ledger, Timed } from './ledger.ts'
import { REAL_CLOCK } from './visit.ts'

/** Needs no code, and no journey acts on it. */
const PERSON = 'finance@harbour.example'
const LOOKS_EVERY_MS = 250

export class Probe {
  readonly looks: Timed[] = []
  readonly #url: URL
  readonly #cookie: string

  private constructor(origin: string, cookie: string) {
    this.#url = new URL('/account', origin)
    this.#cookie = cookie
  }

  static async signIn(origin: string, ledger: Ledger): Promise<Probe> {
    const browser = new Browser(origin, REAL_CLOCK)
    const request = {
      act: 'sign-in',
      person: PERSON,
      session: ledger.newSession(),
      about: PERSON,
      right: true,
    } as const
    await judged(() => ledger.send(request, () => browser.signInWithPassword(PERSON)))
    return new Probe(origin, [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '))
  }

  /** Goes on until `isOver`, and then waits for the last answer. */
  async play(isOver: () => boolean): Promise<void> {
    const looking: Promise<void>[] = []
    while (!isOver()) {
      looking.push(this.#look())
      await pause(LOOKS_EVERY_MS)
    }
    await Promise.all(looking)
    this.looks.sort((one, other) => one.answeredAt - other.answeredAt)
  }

  async #look(): Promise<void> {
    const sentAt = Date.now()
    const response = await fetch(this.#url, {
      redirect: 'manual',
      headers: { cookie: this.#cookie },
      signal: AbortSignal.timeout(15 * SECOND),
    }).catch(() => null)
    await response?.arrayBuffer().catch(() => null)
    const answeredBy = response?.headers.get(ANSWERED_BY) ?? null
    this.looks.push({ sentAt, answeredAt: Date.now(), status: response?.status ?? 0, answeredBy })
  }
}
