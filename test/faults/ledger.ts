// Every request that was sent, and every answer that came back.
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

export interface Entry extends Request {
  sentAt: number
  answeredAt: number
  /** 0 without an answer. */
  status: number
  location: string | null
  requestId: string | null
  /** Seconds. An overloaded process asks for less patience than one whose database is away. */
  retryAfter: string | null
}

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
      // As fetch reports a connection that was cut.
      if (error instanceof TypeError) return null
      throw error
    })
    const entry = {
      ...request,
      sentAt,
      answeredAt: Date.now(),
      status: answer?.status ?? 0,
      location: answer?.location ?? null,
      requestId: answer?.headers.get('x-request-id') ?? null,
      retryAfter: answer?.headers.get('retry-after') ?? null,
    }
    this.entries.push(entry)
    return entry
  }
}

/** Whether the product said what it has done. After any other answer the request may or may not have had its effect. */
export function isAcknowledged({ status }: Entry): boolean {
  return status > 0 && status < 500
}

/** 'verify 303 /', 'sign-in 401' */
export function outcomeOf({ act, status, location }: Entry): string {
  const path = location && new URL(location, 'http://here').pathname
  return [act, status, path].filter((part) => part !== null).join(' ')
}
