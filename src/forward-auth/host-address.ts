// Addresses at the host of an application. Pure.
import { ownPath } from '../gate/own-path.ts'
import type { ForwardedRequest } from './forwarded-request.ts'

/** The only path of an application's host that leads to the gate. */
export const HOST_PATH = '/.portcullis'
/** A longer address is not kept: the way through the gate must fit into headers. */
const MAX_NEXT = 2000

export function originOfApplication({ address }: { address: string }): string {
  return new URL(address).origin
}

/** A path of the application; its start for anything else. */
export function nextAt(application: { address: string }, next: unknown): string {
  const origin = originOfApplication(application)
  const path = typeof next === 'string' && next.length <= MAX_NEXT ? ownPath(next, origin) : null
  return path ?? '/'
}

/** Where a hand-over begins. `page`: the address that htmx says its page has. */
export function beginAddress(
  application: { address: string },
  { uri, asker }: Pick<ForwardedRequest, 'uri' | 'asker'>,
  page: string | undefined,
): string {
  const origin = originOfApplication(application)
  const next = nextAt(application, asker === 'htmx' ? pathOfPage(page, origin) : uri)
  return `${origin}${HOST_PATH}/begin?next=${encodeURIComponent(next)}`
}

function pathOfPage(page: string | undefined, origin: string): string | null {
  if (page === undefined || !URL.canParse(page)) return null
  const url = new URL(page)
  return url.origin === origin ? url.pathname + url.search : null
}
