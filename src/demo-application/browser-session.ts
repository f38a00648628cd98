import type { Request } from 'express'
import type { Begun } from './relying-party.ts'

export interface BrowserSession {
  visitId?: string | undefined
  /** Sign-ins under way, one for each tab. */
  begun?: (Begun & { next: string })[] | undefined
}

/** What this dashboard keeps about a browser. */
export function sessionOf(req: Request): Request['session'] & BrowserSession {
  return req.session
}

/** A new session id, so that one from before the sign-in is worth nothing. */
export function renewSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.regenerate((error: unknown) => (error ? reject(error) : resolve()))
  })
}
