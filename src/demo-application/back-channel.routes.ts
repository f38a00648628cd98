import express, { Router } from 'express'
import type { RelyingParty } from './relying-party.ts'
import type { Settings } from './settings.ts'
import { LogoutTokens } from './verify-logout-token.ts'
import type { Visits } from './visits.ts'

/** Where the gate tells that a session has ended. Mounted without a browser's session. */
export function backChannelRoutes(
  { clientId }: Settings,
  relyingParty: RelyingParty,
  visits: Visits,
): Router {
  const tokens = new LogoutTokens()
  const routes = Router()
  routes.post('/back-channel-logout', express.urlencoded({ extended: false }), async (req, res) => {
    const provider = (await relyingParty.discovered()).serverMetadata()
    const token: unknown = req.body?.logout_token
    try {
      visits.endAll(await tokens.accept(typeof token === 'string' ? token : '', provider, clientId))
      res.status(200).end()
    } catch {
      res.status(400).json({ error: 'invalid_request' })
    }
  })
  return routes
}
