// Every request that was sent, and every answer that came back.
import { ANSWERED_BY, ASKED_AGAIN } from '../support/balancer.ts'
import type { Answer } from '../support/browser.ts'

export const ACTS = [
  'sign-in',
  'verify',
  'enrol',
  'page',
  'sign-out',
  'reset',
  'invite',
  'disable',
  'enable',
  'lift',
  'policy',
  'forgot-password',
  // At applications: the way of a pass, asking about a request, and OpenID Connect.
  'hand-over',
  'enter',
  'ask',
  'authorize',
  'token',
] as const
export type Act = (typeof ACTS)[number]

export interface Request {
  act: Act
  /** The user who sent it. */
  person: string
  /** The browser it came from: a new one for each sign-in. */
  session: number
  /** Whom or what it is about: a user's id, an address, role groups, or the name of a code. */
  about: string
  /** Whether password or code were those of the user. */
  right: boolean
}

export interface Timed {
  sentAt: number
  answeredAt: number
  /** 0 without an answer. */
  status: number
  /** The port of the web process. Null if the answer is none of the product's. */
  answeredBy: string | null
}

export interface Entry extends Request, Timed {
  location: string | null
  requestId: string | null
  /** The proxy sent it to two processes. The first may have carried it out as well. */
  askedAgain: boolean
  /** Seconds. An overloaded process asks for less patience than one whose database is away. */
  retryAfter: string | null
}

const CUT = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE']

export class Ledger {
  readonly entries: Entry[] = []
  #sessions = 0

  newSession(): number {
    this.#sessions += 1
    return this.#sessions
  }

  /** Sends a request and writes down what came of it. */
  async send(request: Request, send: () => Promise<Answer>): Promise<Entry> {
    const sentAt = Date.now()
    const answer = await send().catch((error) => {
      // As fetch and the client of Node report a connection that was cut.
      if (error instanceof TypeError || CUT.includes(error?.code)) return null
      throw error
    })
    const entry = {
      ...request,
      sentAt,
      answeredAt: Date.now(),
      status: answer?.status ?? 0,
      answeredBy: answer?.headers.get(ANSWERED_BY) ?? null,
      location: answer?.location ?? null,
      requestId: answer?.headers.get('x-request-id') ?? null,
      askedAgain: answer?.headers.has(ASKED_AGAIN) ?? false,
      retryAfter: answer?.headers.get('retry-after') ?? null,
    }
    this.entries.push(entry)
    return entry
  }
}

/** Whether the product said what it has done. After any other answer the request may or may not have had its effect. */
export function isAcknowledged({ status }: Timed): boolean {
  return status > 0 && status < 500
}

/** Refused for the load. A process whose database is away asks for more patience. */
export function isOverloaded({ status, retryAfter }: Entry): boolean {
  return status === 503 && retryAfter === '3'
}

/** 'verify 303 /', 'sign-in 401' */
export function outcomeOf({ act, status, location }: Entry): string {
  const path = location && new URL(location, 'http://here').pathname
  return [act, status, path].filter((part) => part !== null).join(' ')
}
