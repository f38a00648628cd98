import { Router } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { leaveNotice } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { askForReset } from './ask-for-reset.ts'

/** 'Lost your phone?' At the stage verify, and where wrong codes have locked since the right password. */
export function resetRequestRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.post('/reset-requests', async (req, res, next) => {
    const { proofs, metadata } = req.session
    const asked = proofs && metadata && (await askForReset(deps, actingSessionOf(req), originOf(req)))
    if (!asked) return next()
    const back = res.locals.stage === 'verify' ? '/mfa/verify' : '/sign-in'
    leaveNotice(res, back === '/sign-in' ? 'reset-asked-for-locked' : 'reset-asked-for')
    res.redirect(303, back)
  })

  return routes
}
