// The one reading of DATABASE_URL, for both drivers: their own readings of sslmode differ.
import { readFileSync } from 'node:fs'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
type SslMode = (typeof SSL_MODES)[number]

export interface Connection {
  /** Without the parameters that are read here. */
  url: string
  /** What TLS is asked for; false: none. */
  ssl: ConnectionOptions | false
}

/**
 * Reads the address of a database. `sslmode`: disable (the default), require (encrypted, any certificate), verify-ca
 * (by a known authority), verify-full (and for this host), no-verify (as require). `sslrootcert`: a file of
 * authorities, instead of those that Node knows; with it require verifies as verify-ca does, as in libpq. Throws an
 * Error whose message says what is wrong with it.
 */
export function readConnection(address: string): Connection {
  const url = new URL(address)
  const mode = url.searchParams.get('sslmode') ?? 'disable'
  const rootCert = url.searchParams.get('sslrootcert')
  url.searchParams.delete('sslmode')
  url.searchParams.delete('sslrootcert')
  // Another way to ask for TLS would be one driver's only, and the other one would send everything in the clear.
  const other = [...url.searchParams.keys()].find((name) => name.startsWith('ssl'))
  if (other) throw new Error(`must ask for TLS by sslmode and sslrootcert, not by '${other}'`)
  if (!isSslMode(mode)) throw new Error(`must have an sslmode of ${SSL_MODES.join(', ')}, not '${mode}'`)
  if (mode === 'disable') return { url: url.href, ssl: false }

  // A URL writes an IPv6 address in brackets; certificates do not.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const ca = rootCert === null || rootCert === 'system' ? undefined : readAuthorities(rootCert)
  return { url: url.href, ssl: { ...(ca && { ca }), ...checksOf(mode, host, ca !== undefined) } }
}

function isSslMode(text: string): text is SslMode {
  return SSL_MODES.some((mode) => mode === text)
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Error(`names an sslrootcert that cannot be read: ${file}`)
  }
}

function checksOf(mode: Exclude<SslMode, 'disable'>, host: string, hasCa: boolean): ConnectionOptions {
  const verifyCa = mode === 'verify-ca' || (mode === 'require' && hasCa)
  if (mode === 'verify-full')
    return {
      rejectUnauthorized: true,
      // The drivers leave the name out where the host is an address; it is verified all the same.
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    }
  if (verifyCa) return { rejectUnauthorized: true, checkServerIdentity: () => undefined }
  return { rejectUnauthorized: false }
}
