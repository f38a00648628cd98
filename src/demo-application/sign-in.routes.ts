import { type Request, type Response, Router } from 'express'
import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'
import { renewSession, sessionOf } from './browser-session.ts'
import { PAGES } from './pages.ts'
import type { RelyingParty } from './relying-party.ts'
import type { Settings } from './settings.ts'
import { outside, signInLink } from './views.ts'
import type { Visits } from './visits.ts'

const TABS = 5

/** Signing in and out, both at the gate. */
export function signInRoutes({ address }: Settings, relyingParty: RelyingParty, visits: Visits): Router {
  const routes = Router()

  routes.get('/sign-in', async (req, res) => {
    const { url, begun } = await relyingParty.begin()
    const session = sessionOf(req)
    session.begun = [...(session.begun ?? []), { ...begun, next: ownPage(req.query.next) }].slice(-TABS)
    res.redirect(303, url.href)
  })

  routes.get('/callback', async (req, res) => {
    const begun = sessionOf(req).begun?.find(({ state }) => state === req.query.state)
    if (!begun) return startAgain(res)
    try {
      const signIn = await relyingParty.redeem(new URL(req.originalUrl, address), begun)
      visits.close(sessionOf(req).visitId)
      await renewSession(req)
      sessionOf(req).visitId = visits.open(signIn).id
      res.redirect(303, begun.next)
    } catch (error) {
      if (error instanceof ResponseBodyError) startAgain(res)
      else if (error instanceof AuthorizationResponseError) refused(req, res, error)
      else throw error
    }
  })

  routes.post('/sign-out', async (req, res) => {
    const visit = visits.find(sessionOf(req).visitId)
    visits.close(visit?.id)
    await renewSession(req)
    res.redirect(303, visit ? (await relyingParty.signOutUrl(visit.signIn.idToken)).href : '/signed-out')
  })

  routes.get('/signed-out', (_req, res) => {
    const sentences = ['You are signed out of Quayside and of Portcullis.']
    res.send(outside('Goodbye', sentences, signInLink()))
  })

  return routes
}

/** Never an address from outside. */
function ownPage(next: unknown): string {
  return PAGES.find(({ path }) => path === next)?.path ?? '/'
}

function startAgain(res: Response): void {
  const sentences = [
    'This sign-in was not begun in this browser, it is too old, or Portcullis did not accept it.',
  ]
  res.status(400).send(outside('Please start again', sentences, signInLink(), true))
}

function refused(req: Request, res: Response, error: AuthorizationResponseError): void {
  const session = sessionOf(req)
  session.begun = session.begun?.filter(({ state }) => state !== req.query.state)
  const why = error.error_description ?? 'Portcullis did not let you in.'
  res.status(403).send(outside('You may not enter', [why], signInLink('Try again'), true))
}
