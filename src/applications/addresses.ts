// Addresses of applications as typed into forms. Pure.
import { isThisMachine } from '../config.ts'

export type ReadAddress = { url: URL } | { problem: string }

const MAX_ADDRESS_LENGTH = 500
const MAX_ADDRESSES = 10

/** An address on another host than `ownOrigin`, over https except on this machine. */
export function readAddress(typed: string, ownOrigin: string): ReadAddress {
  const text = typed.trim()
  if (text === '') return { problem: 'Enter an address, such as https://dashboard.example/.' }
  if (text.length > MAX_ADDRESS_LENGTH)
    return { problem: `An address has at most ${MAX_ADDRESS_LENGTH} characters.` }
  // URL would silently remove line breaks and read a backslash as a slash.
  if (/[\s\\\p{Cc}]/u.test(text) || !URL.canParse(text))
    return { problem: 'This is not a complete address, such as https://dashboard.example/.' }
  const url = new URL(text)
  const problem = problemOf(url, text, ownOrigin)
  return problem ? { problem } : { url }
}

function problemOf(url: URL, text: string, ownOrigin: string): string | null {
  const local = isThisMachine(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local))
    return 'An address begins with https://. Only localhost may use http://.'
  if (url.username !== '' || url.password !== '') return 'An address has no user name and no password in it.'
  if (text.includes('#')) return 'An address has no fragment: leave out the # and what follows it.'
  if (text.includes('*')) return 'An address has no wildcard: enter each address in full.'
  if (url.hostname.endsWith('.')) return 'The name of the host must not end with a dot.'
  return isOwn(url, ownOrigin, local) ? 'This is the address of Portcullis itself.' : null
}

/** Cookies do not tell ports apart, so that another port of our own host is refused too, except on this machine. */
function isOwn(url: URL, ownOrigin: string, local: boolean): boolean {
  const own = new URL(ownOrigin)
  return local ? url.host === own.host : url.hostname === own.hostname
}

export type ReadAddresses = { addresses: string[] } | { problem: string }

/**
 * Addresses that an application sends along, one a line. They are compared character by character (RFC 6749 3.1.2.3),
 * so a spelling that no application would send is refused.
 */
export function readExactAddresses(typed: string, ownOrigin: string): ReadAddresses {
  const lines = typed.split('\n').flatMap((line) => line.trim() || [])
  if (lines.length > MAX_ADDRESSES) return { problem: `There may be at most ${MAX_ADDRESSES} addresses.` }
  for (const line of lines) {
    const read = readAddress(line, ownOrigin)
    if ('problem' in read) return { problem: lines.length === 1 ? read.problem : `${line}: ${read.problem}` }
    const { href } = read.url
    if (line !== href && `${line}/` !== href) return { problem: `Write ${line} as ${href}.` }
  }
  return { addresses: [...new Set(lines)] }
}
