import type { RequestHandler } from 'express'
import type { Logger } from '../log.ts'

/**
 * For a PUBLIC_URL with https. A form that does not seem to have come over it gets no session: express-session keeps
 * its Secure cookie back without a word, and nobody gets past the password. Says so, once, in the log.
 */
export function warnOfPlainRequests(log: Logger): RequestHandler {
  let said = false
  return (req, _res, next) => {
    if (!req.secure && req.method === 'POST' && !said) {
      said = true
      log.warn(
        'PUBLIC_URL has https, but a form came without: nobody can sign in like this. The proxy that ends TLS has to send X-Forwarded-Proto, and to be in TRUST_PROXY.',
      )
    }
    next()
  }
}
