import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { parseCookie } from 'cookie'
import type { Request, Response } from 'express'
import type { Config } from '../config.ts'
import { DAY } from '../platform/time/durations.ts'

export const KNOWN_FOR_MS = 90 * DAY
/** For people who share a browser: a token for each account. */
const MAX_TOKENS = 5
const TOKEN = /^[A-Za-z0-9_-]{32}$/

type CookieConfig = Pick<Config, 'PUBLIC_URL' | 'SESSION_SECRET'>

export function newBrowserToken(): string {
  return randomBytes(24).toString('base64url')
}

export function hashBrowserToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** The tokens of a browser, the newest first. Without a valid signature: none. */
export function browserTokensOf(req: Request, config: CookieConfig): string[] {
  const name = nameOf(config)
  // Each pair by itself: the library keeps only the first of two cookies of one name. Then one of them was planted.
  const pairs = (req.get('cookie') ?? '').split(';').map((pair) => parseCookie(pair))
  const [cookie = '', ...others] = pairs.flatMap((pair) => pair[name] ?? [])
  if (others.length > 0) return []
  const [signature = '', ...tokens] = cookie.split('.')
  if (tokens.length > MAX_TOKENS || !tokens.every((token) => TOKEN.test(token))) return []
  return isSigned(tokens, signature, config) ? tokens : []
}

/** Sets the cookie, the newest token first. It does not name its users. */
export function setBrowserTokens(res: Response, tokens: readonly string[], config: CookieConfig): void {
  const kept = tokens.slice(0, MAX_TOKENS)
  const [newestSecret = ''] = config.SESSION_SECRET
  res.cookie(nameOf(config), [signatureOf(kept, newestSecret), ...kept].join('.'), {
    path: '/',
    maxAge: KNOWN_FOR_MS,
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure(config),
  })
}

function nameOf(config: CookieConfig): string {
  return isSecure(config) ? '__Host-known-browser' : 'known-browser'
}

function isSecure({ PUBLIC_URL }: CookieConfig): boolean {
  return PUBLIC_URL.startsWith('https:')
}

function isSigned(tokens: readonly string[], signature: string, { SESSION_SECRET }: CookieConfig): boolean {
  const given = Buffer.from(signature)
  return SESSION_SECRET.some((secret) => {
    const expected = Buffer.from(signatureOf(tokens, secret))
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

function signatureOf(tokens: readonly string[], secret: string): string {
  return createHmac('sha256', secret)
    .update(`known browser ${tokens.join('.')}`)
    .digest('base64url')
}
