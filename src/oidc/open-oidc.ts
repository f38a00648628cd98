import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, RequestHandler } from 'express'
import type { Provider } from 'oidc-provider'
import { ISSUER_PATH } from '../applications/issuer.ts'
import type { Deps } from '../deps.ts'
import { withoutDeadline } from '../platform/db/deadline.ts'
import { SECOND } from '../platform/time/durations.ts'
import { ensureSigningKeys } from '../signing-keys/ensure-signing-keys.ts'
import { readSigningKeys } from '../signing-keys/signing-keys.queries.ts'
import { createProvider } from './create-provider.ts'

const LOOK_AT_KEYS_EVERY_MS = 60 * SECOND

export interface Oidc {
  provider(): Promise<Provider>
  /** Hands a request below `/oidc` to the provider. */
  handle: RequestHandler
}

interface Running {
  provider: Provider
  callback: (req: IncomingMessage, res: ServerResponse) => Promise<void>
  keys: string
  lookedAt: number
}

/** The provider is built at the first request, and again when its keys have changed. It looks at them once a minute. */
export function openOidc(deps: Deps): Oidc {
  const { clock, config, log } = deps
  const { protocol, host } = new URL(config.PUBLIC_URL)
  let running: Running | null = null
  let looking: Promise<Running> | null = null

  async function current(): Promise<Running> {
    const now = clock.now().getTime()
    if (running && Math.abs(now - running.lookedAt) < LOOK_AT_KEYS_EVERY_MS) return running
    // One look serves many requests, and ends with none of them.
    looking ??= withoutDeadline(look).finally(() => {
      looking = null
    })
    return looking
  }

  async function look(): Promise<Running> {
    const before = running
    try {
      running = await rebuild(before)
    } catch (error) {
      if (!before) throw error
      log.error({ err: error }, 'The signing keys cannot be read. The provider goes on with those it has.')
      running = { ...before, lookedAt: clock.now().getTime() }
    }
    return running
  }

  async function rebuild(before: Running | null): Promise<Running> {
    const lookedAt = clock.now()
    if (!before) await ensureSigningKeys(deps)
    const signing = await readSigningKeys(deps.db, config.ENCRYPTION_KEYS, lookedAt)
    const keys = signing.map(({ kid }) => kid).join(' ')
    if (before?.keys === keys) return { ...before, lookedAt: lookedAt.getTime() }
    const provider = createProvider(
      deps,
      signing.map(({ privateJwk }) => privateJwk),
    )
    return { provider, callback: provider.callback(), keys, lookedAt: lookedAt.getTime() }
  }

  return {
    provider: async () => (await current()).provider,
    handle: async (req, res, next) => {
      const { callback } = await current()
      // Endpoints in the metadata, and the audience of client assertions, are built from these.
      req.headers.host = host
      req.headers['x-forwarded-proto'] = protocol.slice(0, -1)
      delete req.headers['x-forwarded-host']
      req.url = withoutMount(req)
      await callback(req, res)
      if (res.locals.oidcFailure) next(res.locals.oidcFailure)
    },
  }
}

/** As Express gives it to a router mounted at `/oidc`. */
function withoutMount({ url }: Request): string {
  return url.slice(ISSUER_PATH.length)
}
