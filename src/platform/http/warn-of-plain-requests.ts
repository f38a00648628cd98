import type { RequestHandler } from 'express'
import type { Logger } from '../log.ts'

/** Warns once. Without https, express-session silently sends no Secure cookie, and no user can sign in. */
export function warnOfPlainRequests(log: Logger): RequestHandler {
  let warned = false
  return (req, _res, next) => {
    if (!req.secure && req.method === 'POST' && !warned) {
      warned = true
      log.warn(
        'PUBLIC_URL has https, but a form arrived without it. No user can sign in. The proxy that terminates TLS must send X-Forwarded-Proto and be in TRUST_PROXY.',
      )
    }
    next()
  }
}
