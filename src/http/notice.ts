import type { Request, Response } from 'express'
import { SECOND } from '../durations.ts'

/** What a page may have to say about what was just done, and which page. The cookie holds the name, never the text. */
const NOTICES = {
  'password-changed': { page: '/sign-in', text: 'Your password is changed. Sign in with the new one.' },
  'signed-out': { page: '/sign-in', text: 'You are signed out.' },
  'own-password-changed': {
    page: '/account',
    text: 'Your password is changed. You are signed out everywhere else.',
  },
  'session-ended': { page: '/account', text: 'That session has ended.' },
  'other-sessions-ended': { page: '/account', text: 'You are signed out everywhere else.' },
  'device-kept': { page: '/account', text: 'Nothing was changed.' },
  'link-unused': {
    page: '/',
    text: 'That link is for somebody who is not signed in. To use it, sign out and open it again.',
  },
} as const

const NAME = 'notice'

/** Leaves a notice for the page it belongs to. It is not used up but runs out: htmx may fetch the page twice. */
export function leaveNotice(res: Response, notice: keyof typeof NOTICES): void {
  const { page: path } = NOTICES[notice]
  res.cookie(NAME, notice, { path, maxAge: 10 * SECOND, httpOnly: true, sameSite: 'lax' })
}

/** The notice left a moment ago for this page, if any. */
export function noticeFor(req: Request): string | null {
  const named = /(?:^|;\s*)notice=([a-z-]+)/.exec(req.get('cookie') ?? '')?.[1]
  const { [named as keyof typeof NOTICES]: notice }: Partial<typeof NOTICES> = NOTICES
  return notice?.page === req.path ? notice.text : null
}
