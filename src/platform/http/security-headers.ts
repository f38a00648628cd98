import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { RequestHandler } from 'express'
import helmet from 'helmet'

export function securityHeaders(publicUrl: string): RequestHandler {
  const headers = headersSetBy(policy(publicUrl))
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value)
    next()
  }
}

/** The back button must not show a page after sign-out. */
export const neverCached: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store')
  next()
}

function policy(publicUrl: string): ReturnType<typeof helmet> {
  const https = publicUrl.startsWith('https:')
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // 'no-referrer' would make browsers send 'Origin: null' with our own forms.
    referrerPolicy: { policy: 'strict-origin' },
    strictTransportSecurity: https && { maxAge: 63_072_000, includeSubDomains: true },
    xFrameOptions: { action: 'deny' },
    // Obsolete, or implied by the policy above.
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  })
}

/** Computed once: the headers do not depend on the request. */
function headersSetBy(middleware: ReturnType<typeof helmet>): [string, string][] {
  const req = new IncomingMessage(new Socket())
  const res = new ServerResponse(req)
  middleware(req, res, () => {})
  return Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)])
}
