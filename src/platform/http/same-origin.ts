import { isIP } from 'node:net'
import type { RequestHandler } from 'express'
import { ForbiddenError } from './errors.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD'])

/**
 * Refuses what another site sends in a person's name: an unsafe method must come from our own pages. The
 * browser says so itself (Fetch Metadata); where it does not, Origin must be ours. Neither: refused.
 */
export function sameOriginOnly(publicUrl: string): RequestHandler {
  const onThisMachine = isLocalName(new URL(publicUrl).hostname)
  return (req, _res, next) => {
    if (SAFE_METHODS.has(req.method)) return next()
    const site = req.get('sec-fetch-site')
    const ours =
      site === undefined ? req.get('origin') === publicUrl : site === 'same-origin' || site === 'none'
    if (!ours) throw new ForbiddenError('This request did not come from one of our own pages.')
    if (onThisMachine && !isAddressOrLocal(req.hostname))
      throw new ForbiddenError(`This is not the address of the dashboard: that is ${publicUrl}.`)
    next()
  }
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || isAddress(host)
}

/**
 * DNS rebinding: a stranger's name may be made to point at this machine, and its pages then count as ours to the
 * browser. Without TLS only the name gives them away.
 */
function isAddressOrLocal(host: string | undefined): boolean {
  return host !== undefined && isLocalName(host)
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0
}
