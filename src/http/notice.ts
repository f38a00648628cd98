import type { Request, Response } from 'express'
import { SECOND } from '../durations.ts'

/** What the sign-in page may have to say about what was just done. The cookie holds the name, never the text. */
const NOTICES: Record<string, string> = {
  'password-changed': 'Your password is changed. Sign in with the new one.',
  'signed-out': 'You are signed out.',
}

const NAME = 'notice'

/** Leaves a notice for the sign-in page. It is not used up but runs out: htmx may fetch the page twice. */
export function leaveNotice(res: Response, notice: 'password-changed' | 'signed-out'): void {
  res.cookie(NAME, notice, { path: '/sign-in', maxAge: 10 * SECOND, httpOnly: true, sameSite: 'lax' })
}

/** The notice left a moment ago, if any. */
export function noticeFor(req: Request): string | null {
  const named = /(?:^|;\s*)notice=([a-z-]+)/.exec(req.get('cookie') ?? '')?.[1]
  return (named && NOTICES[named]) ?? null
}
