import type { EventEmitter } from 'node:events'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { applicationErrors } from '../applications/application-errors.ts'
import type { Deps } from '../deps.ts'
import { originIn, requestIn } from './request-context.ts'

const EVENTS = [
  'authorization.error',
  'grant.error',
  'pushed_authorization_request.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
  'end_session.error',
  'end_session_confirm.error',
  'end_session_success.error',
] as const

/** Everyday answers to a question of the application, not errors. */
const ANSWERS = new Set(['login_required', 'interaction_required', 'consent_required', 'access_denied'])

interface Failed {
  error: string
  description?: string
  /** What the provider tells to none but us. */
  detail?: string
}

/** The provider reports its errors while it handles a request. */
export function collectErrors(provider: Provider): void {
  const events: EventEmitter = provider
  for (const event of EVENTS)
    events.on(event, (ctx: KoaContextWithOIDC, error: unknown) => {
      ctx.state.failed = failedOf(error)
    })
  provider.on('server_error', (ctx: KoaContextWithOIDC, error: unknown) => {
    ctx.state.failure ??= error
  })
}

/** Logs and records what was wrong with a request. The answer itself does not say it. */
export function recordErrors(deps: Pick<Deps, 'db' | 'clock'>) {
  const recordError = applicationErrors(deps)
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next()
    const failed: Failed | undefined = ctx.state.failed
    if (!failed) return
    const { client, route, accessToken } = ctx.oidc
    const applicationId = client?.clientId ?? accessToken?.clientId
    const details = { ...failed, route, ...(applicationId && { applicationId }) }
    requestIn(ctx).log.info(details, 'refused by the provider')
    // Anyone can show a made-up token to the userinfo endpoint.
    const isAnonymous = route === 'userinfo' && !applicationId
    if (isAnonymous || ANSWERS.has(failed.error)) return

    const { error, ...rest } = details
    const named = client?.clientName ? { ...rest, application: client.clientName } : rest
    await recordError(error, named, originIn(ctx))
  }
}

function failedOf(error: unknown): Failed {
  const { message, error_description: description, error_detail: detail } = error as Record<string, unknown>
  return {
    error: String(message),
    ...(typeof description === 'string' && { description }),
    ...(typeof detail === 'string' && { detail }),
  }
}
