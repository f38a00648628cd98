import { parseCookie } from 'cookie'
import type { Request, RequestHandler } from 'express'

declare global {
  namespace Express {
    interface Locals {
      /** The reader's time zone, by its IANA name. */
      timeZone: string
    }
  }
}

/** An IANA name. Intl takes offsets such as '+05:30' too. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/

/** Names that were met, each with the one that is used for it. Beyond so many somebody is playing. */
const MET_AT_MOST = 1000
const met = new Map<string, string>()

/** Gives every page the time zone it writes its times in: what the browser said, else UTC. */
export const readersZone: RequestHandler = (req, res, next) => {
  res.locals.timeZone = zoneOf(req)
  next()
}

function zoneOf(req: Request): string {
  const { zone = '' } = parseCookie(req.get('cookie') ?? '')
  return ZONE_NAME.test(zone) ? (met.get(zone) ?? zoneNamed(zone)) : 'UTC'
}

/** The time zone of this name, in whatever letter case; UTC where there is none. */
function zoneNamed(name: string): string {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions()
    if (met.size < MET_AT_MOST) met.set(name, timeZone)
    return timeZone
  } catch {
    return 'UTC'
  }
}
