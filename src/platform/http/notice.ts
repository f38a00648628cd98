import { parseCookie } from 'cookie'
import type { Request, Response } from 'express'
import { SECOND } from '../time/durations.ts'

declare global {
  namespace Express {
    interface Locals {
      /** Whether cookies go over https only. */
      secureCookies: boolean
    }
  }
}

interface Notice<Name extends string = string> {
  name: Name
  about?: string | undefined
}

const NEW_KEY = 'Here is a new key. The one before no longer works: delete its entry in your app.'

const RESET_ASKED_FOR =
  'The people who may reset your authenticator see your request. They speak to you before they reset anything.'

const NOTICES = {
  'password-changed': { page: '/sign-in', text: 'Your password is changed. Sign in with the new one.' },
  'email-changed': {
    page: '/sign-in',
    text: 'Your e-mail address is changed. You are signed out everywhere: sign in with the new address.',
  },
  'signed-out': { page: '/sign-in', text: 'You are signed out.' },
  'reset-asked-for': { page: '/mfa/verify', text: RESET_ASKED_FOR },
  'reset-asked-for-locked': { page: '/sign-in', text: RESET_ASKED_FOR },
  'enrolment-restarted': { page: '/mfa/enrol', text: NEW_KEY },
  'device-restarted': { page: '/account/authenticator', text: NEW_KEY },
  'own-password-changed': {
    page: '/account',
    text: 'Your password is changed. You are signed out everywhere else.',
  },
  'own-email-asked': {
    page: '/account',
    text: 'A mail with a link is on its way to the new address. The present one stays until you open the link.',
  },
  'email-kept': { page: '/account', text: 'Your e-mail address stays as it is.' },
  'session-ended': { page: '/account', text: 'That session has ended.' },
  'other-sessions-ended': { page: '/account', text: 'You are signed out everywhere else.' },
  'browser-ended': { page: '/account', text: 'That browser is no longer known.' },
  'browsers-ended': { page: '/account', text: 'No browser is known any more.' },
  'device-kept': { page: '/account', text: 'Nothing was changed.' },
  'mfa-reminded': {
    page: '/',
    text: 'The reminders are on their way: one mail to each person, at most once a day.',
  },
  'link-unused': {
    page: '/',
    text: 'That link opens only while you are signed out. To use it, sign out and open it again.',
  },
} as const

const NOTICE = /^([a-z-]+)(?:\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?$/

export function leaveNotice(res: Response, name: keyof typeof NOTICES): void {
  writeNotice(res, NOTICES[name].page, { name })
}

export function noticeFor(req: Request, page = req.path): string | null {
  const left = readNotice(req, NOTICES)
  return left && NOTICES[left.name].page === page ? NOTICES[left.name].text : null
}

/** The notice expires instead of being consumed, because htmx may fetch the page twice. */
export function writeNotice(res: Response, page: string, { name, about }: Notice): void {
  res.cookie('notice', about === undefined ? name : `${name}.${about}`, {
    path: page,
    maxAge: 10 * SECOND,
    httpOnly: true,
    sameSite: 'lax',
    secure: res.locals.secureCookies,
  })
}

/** A user can forge the cookie, so a notice only informs. */
export function readNotice<Name extends string>(
  req: Request,
  known: Readonly<Record<Name, unknown>>,
): Notice<Name> | null {
  const [, name, about] = NOTICE.exec(parseCookie(req.get('cookie') ?? '').notice ?? '') ?? []
  return isOneOf(known, name) ? { name, about } : null
}

export function noticeAbout<Name extends string>(
  req: Request,
  sentences: Readonly<Record<Name, (name: string) => string>>,
  { id, name }: { id: string; name: string },
): string | null {
  const left = readNotice(req, sentences)
  return left?.about === id ? sentences[left.name](name) : null
}

function isOneOf<Name extends string>(
  known: Readonly<Record<Name, unknown>>,
  name: string | undefined,
): name is Name {
  return name !== undefined && Object.hasOwn(known, name)
}
