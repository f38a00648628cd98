import { isIP } from 'node:net'
import type { RequestHandler } from 'express'
import { ForbiddenError } from './errors.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD'])

/** Against cross-site request forgery: an unsafe method needs Fetch Metadata of our pages, or else our Origin. */
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

/** DNS rebinding: an attacker's name may resolve to this machine. To the browser its pages are then same-origin. */
function isAddressOrLocal(host: string | undefined): boolean {
  return host !== undefined && isLocalName(host)
}

function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0
}
