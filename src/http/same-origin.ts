import type { RequestHandler } from 'express'
import { ForbiddenError } from './errors.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD'])

/**
 * Refuses what another site sends in a person's name: an unsafe method must come from our own pages. The
 * browser says so itself (Fetch Metadata); where it does not, Origin must be ours. Neither: refused.
 */
export function sameOriginOnly(publicUrl: string): RequestHandler {
  return (req, _res, next) => {
    if (SAFE_METHODS.has(req.method)) return next()
    const site = req.get('sec-fetch-site')
    const ours =
      site === undefined ? req.get('origin') === publicUrl : site === 'same-origin' || site === 'none'
    if (!ours) throw new ForbiddenError('This request did not come from one of our own pages.')
    next()
  }
}
