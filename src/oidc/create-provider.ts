import { type JWK, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { issuerOf } from '../applications/issuer.ts'
import type { Deps } from '../deps.ts'
import { isSecretOf, SECRET_HASHES } from './client-metadata.ts'
import { allowFormToReturn } from './form-action.ts'
import { useOwnSession } from './own-session.ts'
import { collectErrors, recordErrors } from './record-errors.ts'
import { refuseEnded } from './refuse-ended.ts'
import { responseIn } from './request-context.ts'
import { COOKIES, settingsOf } from './settings.ts'
import { touchAfterRefresh } from './touch-after-refresh.ts'

type Next = () => Promise<void>

const PUBLIC_ROUTES = new Set(['discovery', 'jwks'])

/** The provider of oidc-provider with our settings and what happens around it. */
export function createProvider(deps: Deps, keys: JWK[]): Provider {
  const provider = new Provider(issuerOf(deps.config.PUBLIC_URL), settingsOf(deps, keys))
  provider.proxy = true
  // Several secrets are valid, and only their hashes are stored.
  provider.Client.prototype.compareClientSecret = function compare(actual: string) {
    return isSecretOf(this[SECRET_HASHES], actual)
  }
  collectErrors(provider)
  // From the outermost to the innermost.
  provider.use(leaveFailuresToExpress)
  provider.use(cachePublicDocuments)
  provider.use(recordErrors(deps))
  provider.use(touchAfterRefresh(deps))
  provider.use(refuseEnded(deps))
  provider.use(allowFormToReturn)
  provider.use(forgetInteraction)
  provider.use(useOwnSession(deps))
  return provider
}

declare global {
  namespace Express {
    interface Locals {
      /** Why the provider could not answer. */
      oidcFailure?: unknown
    }
  }
}

/** What the provider calls `server_error` gets the error page of every other request: 503 if the database is away. */
async function leaveFailuresToExpress(ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    ctx.state.failure ??= error
  }
  if (ctx.state.failure === undefined) return
  ctx.body = null
  ctx.respond = false
  ctx.res.statusMessage = ''
  responseIn(ctx).locals.oidcFailure = ctx.state.failure
}

async function cachePublicDocuments(ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  await next()
  if (ctx.status === 200 && PUBLIC_ROUTES.has(ctx.oidc?.route))
    ctx.set('Cache-Control', 'public, max-age=300')
}

/** The provider leaves the cookie of an interaction in the browser. */
async function forgetInteraction(ctx: KoaContextWithOIDC, next: Next): Promise<void> {
  await next()
  const { Interaction: finished } = ctx.oidc?.entities ?? {}
  if (ctx.oidc?.route !== 'resume' || !finished || finished.uid !== ctx.params.uid) return
  const path = `/oidc/interaction/${finished.uid}`
  for (const name of [COOKIES.interaction, `${COOKIES.interaction}.sig`])
    responseIn(ctx).clearCookie(name, { path })
}
