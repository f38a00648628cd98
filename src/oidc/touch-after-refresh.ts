import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Deps } from '../deps.ts'
import { sessionLimitsOf, touchSession } from '../gate/touch-session.ts'
import { grantInUse } from './grant-in-use.ts'

/** An application that refreshes its tokens is used: the session does not become idle. */
export function touchAfterRefresh(deps: Deps) {
  const limits = sessionLimitsOf(deps.config)
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next()
    const { RotatedRefreshToken: rotated } = ctx.oidc?.entities ?? {}
    if (ctx.status !== 200 || !rotated?.grantId) return
    const grant = await grantInUse(deps, rotated.grantId)
    if (!grant) return
    const { sessionId: id, touchedAt, proofs } = grant
    await touchSession(deps.db, limits, { id, touchedAt, proofs }, deps.clock.now())
  }
}
