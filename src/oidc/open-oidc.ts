import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request, RequestHandler } from 'express'
import type { Provider } from 'oidc-provider'
import { ISSUER_PATH } from '../applications/issuer.ts'
import type { Deps } from '../deps.ts'
import { withoutDeadline } from '../platform/db/deadline.ts'
import { watchOutage } from '../platform/outbox/watch-outage.ts'
import { ensureSigningKeys } from '../signing-keys/ensure-signing-keys.ts'
import type { SigningKeys } from '../signing-keys/signing-keys.ts'
import { createProvider } from './create-provider.ts'

export interface Oidc {
  provider(): Promise<Provider>
  /** Hands a request below `/oidc` to the provider. */
  handle: RequestHandler
}

interface Running {
  provider: Provider
  callback: (req: IncomingMessage, res: ServerResponse) => Promise<void>
  /** In signing order. */
  kids: string
}

/** The provider is built at the first request, and again when its keys have changed. */
export function openOidc(deps: Deps, signingKeys: SigningKeys): Oidc {
  const { config, log } = deps
  const { protocol, host } = new URL(config.PUBLIC_URL)
  let running: Running | null = null
  let making: Promise<void> | null = null
  const outage = watchOutage(log, {
    began: 'The signing keys cannot be read. The provider goes on with those it has.',
    ended: 'The signing keys can be read again.',
  })

  async function current(): Promise<Running> {
    try {
      running = await withTheKeysOfNow(running)
      outage.ended()
      return running
    } catch (error) {
      if (!running) throw error
      outage.began(error)
      return running
    }
  }

  async function withTheKeysOfNow(before: Running | null): Promise<Running> {
    if (!before) await makeFirstKeys()
    const keys = await signingKeys.published()
    const kids = keys.map(({ kid }) => kid).join(' ')
    if (before?.kids === kids) return before
    const provider = createProvider(
      deps,
      keys.map(({ privateJwk }) => privateJwk),
    )
    return { provider, callback: provider.callback(), kids }
  }

  /** Many first requests wait for them, and they end with none of these. */
  function makeFirstKeys(): Promise<void> {
    making ??= withoutDeadline(() => ensureSigningKeys(deps)).finally(() => {
      making = null
    })
    return making
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
