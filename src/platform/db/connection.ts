// Both drivers get their TLS options from here, because they interpret sslmode differently.
import { readFileSync } from 'node:fs'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
type SslMode = (typeof SSL_MODES)[number]

export interface Connection {
  url: string
  ssl: ConnectionOptions | false
}

/** Parses DATABASE_URL. As in libpq, `require` with an sslrootcert verifies like `verify-ca`. Throws an Error. */
export function readConnection(address: string): Connection {
  const url = new URL(address)
  const mode = url.searchParams.get('sslmode') ?? 'disable'
  const rootCert = url.searchParams.get('sslrootcert')
  url.searchParams.delete('sslmode')
  url.searchParams.delete('sslrootcert')
  // Other parameters are known to one driver only: the other would send everything in clear text.
  const other = [...url.searchParams.keys()].find((name) => name.startsWith('ssl'))
  if (other) throw new Error(`must ask for TLS by sslmode and sslrootcert, not by '${other}'`)
  if (!isSslMode(mode)) throw new Error(`must have an sslmode of ${SSL_MODES.join(', ')}, not '${mode}'`)
  if (mode === 'disable') return { url: url.href, ssl: false }

  // A URL has IPv6 addresses in brackets. Certificates do not.
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
      // The drivers pass no name for a host that is an IP address.
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    }
  if (verifyCa) return { rejectUnauthorized: true, checkServerIdentity: () => undefined }
  return { rejectUnauthorized: false }
}
