import type { KoaContextWithOIDC } from 'oidc-provider'
import { readLiveGrant } from '../applications/live-grants.queries.ts'
import type { Deps } from '../deps.ts'

const REFUSED = { error: 'invalid_grant', error_description: 'grant request is invalid' }

/**
 * Asks once more before tokens are sent. A session may have ended since the provider read the grant, and its
 * application would then be told before it has signed the person in.
 */
export function refuseEnded(deps: Pick<Deps, 'gateDb' | 'clock'>) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next()
    const grantId = ctx.oidc?.entities.AccessToken?.grantId
    if (ctx.oidc?.route !== 'token' || ctx.status !== 200 || grantId === undefined) return
    if (await readLiveGrant(deps, deps.gateDb, grantId)) return
    ctx.status = 400
    ctx.body = REFUSED
    ctx.state.failed = { error: REFUSED.error, detail: 'the session ended during the request' }
  }
}
