import { parseCookie } from 'cookie'
import type { Request, RequestHandler } from 'express'

declare global {
  namespace Express {
    interface Locals {
      timeZone: string
    }
  }
}

/** An IANA name. Intl takes offsets such as '+05:30' too. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/

/** Canonical names by name. Limited, because a client may send any names. */
const CACHE_SIZE = 1000
const cache = new Map<string, string>()

export const readersZone: RequestHandler = (req, res, next) => {
  res.locals.timeZone = zoneOf(req)
  next()
}

function zoneOf(req: Request): string {
  const { zone = '' } = parseCookie(req.get('cookie') ?? '')
  return ZONE_NAME.test(zone) ? (cache.get(zone) ?? zoneNamed(zone)) : 'UTC'
}

function zoneNamed(name: string): string {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions()
    if (cache.size < CACHE_SIZE) cache.set(name, timeZone)
    return timeZone
  } catch {
    return 'UTC'
  }
}
