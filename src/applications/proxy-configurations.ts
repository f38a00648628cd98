// The configurations of docs/applications, with the names of one application in them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../platform/project-root.ts'

const DOCUMENTS = [
  { proxy: 'nginx', file: 'nginx.md' },
  { proxy: 'Caddy', file: 'caddy.md' },
  { proxy: 'HAProxy', file: 'haproxy.md' },
  { proxy: 'Traefik', file: 'traefik.md' },
] as const

/** The names that the documents use. */
const GATE = 'gate.example'
const APPLICATION = 'reports.example'

export interface ProxyDocument {
  proxy: string
  /** One for each file that the proxy reads. */
  configurations: { language: string; text: string }[]
}

/** Throws if a document is missing. */
export function readProxyDocuments(): ProxyDocument[] {
  return DOCUMENTS.map(({ proxy, file }) => ({ proxy, configurations: codeBlocksIn(file) }))
}

/** The blocks of code in a document of docs/applications, in their order. */
export function codeBlocksIn(file: string): ProxyDocument['configurations'] {
  const text = readFileSync(join(PROJECT_ROOT, 'docs/applications', file), 'utf8')
  return [...text.matchAll(/^```(\S+)\n(.*?)^```$/gms)].map(([, language = '', block = '']) => ({
    language,
    text: block,
  }))
}

/** The document for an application of this host behind a gate at this address. */
export function adaptedTo(
  { proxy, configurations }: ProxyDocument,
  { publicUrl, host }: { publicUrl: string; host: string },
): ProxyDocument {
  const adapt = (text: string) => text.replaceAll(GATE, new URL(publicUrl).host).replaceAll(APPLICATION, host)
  return { proxy, configurations: configurations.map((one) => ({ ...one, text: adapt(one.text) })) }
}
