import { parseCookie, stringifyCookie } from 'cookie'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Deps } from '../deps.ts'
import { endOwnSession } from '../sign-in/sign-out.ts'
import { endGrantOfSession } from './end-grant.ts'
import { requestIn, responseIn } from './request-context.ts'
import { COOKIES } from './settings.ts'
import { signedInBy } from './signed-in.ts'

/**
 * While a person is signed in, the session of the gate takes the place of the provider's cookie. Signing out at the
 * provider ends it, once the provider has read its logout form.
 */
export function useOwnSession(deps: Deps) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    const own = signedInBy(ctx.req, deps.clock)
    if (own) {
      const cookies = { ...parseCookie(ctx.get('cookie')), [COOKIES.session]: own.session.sessionId }
      ctx.req.headers.cookie = stringifyCookie(cookies)
      responseIn(ctx).locals.stage = 'signed-in'
    }
    await next()
    if (own) dropSessionCookie(ctx)
    if (ctx.oidc?.route !== 'end_session_confirm' || ctx.status !== 303) return

    const { client, params } = ctx.oidc
    if (params?.logout) await endOwnSession(deps, requestIn(ctx), responseIn(ctx), own?.person ?? null)
    else if (own && client) await endGrantOfSession(deps, own.session.sessionId, client.clientId)
  }
}

function dropSessionCookie({ res }: KoaContextWithOIDC): void {
  const cookies = [res.getHeader('Set-Cookie') ?? []].flat().map(String)
  const kept = cookies.filter((cookie) => !cookie.startsWith(`${COOKIES.session}=`))
  if (kept.length > 0) res.setHeader('Set-Cookie', kept)
  else res.removeHeader('Set-Cookie')
}
