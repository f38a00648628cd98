// The request that a proxy asks about, read from X-Forwarded-Host, -Uri and -Method. Pure.

/** As Node gives them: names in lower case. */
type Headers = Readonly<Record<string, string | string[] | undefined>>

/** 'program': fetch, a form, a WebSocket. A redirect to a page would not help it. */
export type Asker = 'navigation' | 'htmx' | 'program'

export interface ForwardedRequest {
  host: string
  /** Path and query. */
  uri: string
  asker: Asker
}

export type HeaderProblem = 'host' | 'uri' | 'method' | 'path'

export const HEADER_PROBLEMS: Readonly<Record<HeaderProblem, string>> = {
  host: 'X-Forwarded-Host is missing, repeated or malformed.',
  uri: 'X-Forwarded-Uri is missing, repeated or malformed.',
  method: 'X-Forwarded-Method is missing, repeated or malformed.',
  path: 'The path has //, a dot segment, an encoded dot, slash, backslash or NUL, a backslash or a semicolon. Proxies and applications read such paths differently.',
}

// Node joins repeated headers with ', '. None of these patterns allows a space.
const HOST = /^(?!\.)[a-z0-9._-]{1,253}(?<!\.)(?::[0-9]{1,5})?$|^\[[0-9a-f:.]{2,45}\](?::[0-9]{1,5})?$/
const URI = /^\/[\x21\x22\x24-\x7e]*$/
const METHOD = /^[A-Z]{1,20}$/
const READ_DIFFERENTLY = /\/\/|\/\.{1,2}(?:\/|$)|%(?:2e|2f|5c|00)|[\\;]/i

/** In lower case, with its port; null if the header is missing, repeated or malformed. */
export function forwardedHost(headers: Headers): string | null {
  const host = single(headers, 'x-forwarded-host')?.toLowerCase()
  return host !== undefined && HOST.test(host) ? host : null
}

export function readForwardedRequest(headers: Headers): ForwardedRequest | HeaderProblem {
  const host = forwardedHost(headers)
  if (host === null) return 'host'
  const uri = single(headers, 'x-forwarded-uri')
  if (uri === undefined || !URI.test(uri)) return 'uri'
  const method = single(headers, 'x-forwarded-method')
  if (method === undefined || !METHOD.test(method)) return 'method'
  const [path = ''] = uri.split('?', 1)
  if (READ_DIFFERENTLY.test(path)) return 'path'
  return { host, uri, asker: askerOf(headers, method) }
}

function askerOf(headers: Headers, method: string): Asker {
  if (headers['hx-request'] === 'true') return 'htmx'
  if ((method !== 'GET' && method !== 'HEAD') || headers.upgrade !== undefined) return 'program'
  const mode = headers['sec-fetch-mode']
  const navigates =
    mode === undefined ? single(headers, 'accept')?.includes('text/html') : mode === 'navigate'
  return navigates ? 'navigation' : 'program'
}

function single(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
