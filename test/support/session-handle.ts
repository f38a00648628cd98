import { sessionHandle } from '../../src/gate/open-sessions.queries.ts'
import { storedId } from '../../src/gate/session-store.ts'
import type { Browser } from './browser.ts'

/** As the account page names the session of a browser. */
export function handleOf(browser: Browser): string {
  const [, sid = ''] = /^s:(.*)\./.exec(decodeURIComponent(browser.cookies.get('sid') ?? '')) ?? []
  return sessionHandle(storedId(sid))
}
