import type { Request } from 'express'
import ipaddr from 'ipaddr.js'
import type { Origin } from '../audit/record.ts'

const MAX_USER_AGENT = 400

/** Forwarded addresses count only from TRUST_PROXY. */
export function originOf(req: Request): Origin {
  return {
    address: addressOf(req.ip) ?? addressOf(req.socket.remoteAddress),
    userAgent: printable(req.get('user-agent') ?? '').slice(0, MAX_USER_AGENT) || null,
    requestId: req.id,
  }
}

/** Null if invalid: even a trusted proxy may forward garbage. Removes ::ffff: of IPv4 in IPv6. */
function addressOf(text: string | undefined): string | null {
  if (text === undefined || !ipaddr.isValid(text)) return null
  return ipaddr.process(text).toString()
}

// With control characters a header could forge lines of a log or a mail.
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').trim()
}
