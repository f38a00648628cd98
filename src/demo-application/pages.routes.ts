import { type Request, type Response, Router } from 'express'
import { sessionOf } from './browser-session.ts'
import { PAGES } from './pages.ts'
import { type RelyingParty, SessionRefusedError } from './relying-party.ts'
import { content, inside, outside, overview, signInLink } from './views.ts'
import { type Visitor, visitorOf } from './visitor.ts'
import { askGate, type Ending, type Visits } from './visits.ts'

const WHY: Record<Ending, string> = {
  told: 'Portcullis told Quayside that your session has ended.',
  refused: 'Portcullis no longer accepts your session.',
}

/** The pages. Each asks the gate who the person is, so that a reset shows at the next click. */
export function pagesRoutes(relyingParty: RelyingParty, visits: Visits): Router {
  const routes = Router()

  routes.get('/', async (req, res) => {
    const visitor = await ask(relyingParty, visits, req, res)
    if (visitor) res.send(inside(visitor, '/', 'Overview', overview(visitor)))
  })

  for (const page of PAGES)
    routes.get(page.path, async (req, res) => {
      const visitor = await ask(relyingParty, visits, req, res)
      if (!visitor) return
      if (visitor.groups.includes(page.roleGroup))
        return res.send(inside(visitor, page.path, page.title, content(page)))
      const sentences = [`It is for the role group ${page.roleName}, which you do not hold.`]
      res
        .status(403)
        .send(outside('This page is not open to you', sentences, signInLink('To the overview'), true))
    })

  return routes
}

/** Who asks, as the gate knows them now. Null if the request was answered. */
async function ask(
  relyingParty: RelyingParty,
  visits: Visits,
  req: Request,
  res: Response,
): Promise<Visitor | null> {
  const visit = visits.find(sessionOf(req).visitId)
  if (!visit) {
    res.redirect(303, `/sign-in?next=${encodeURIComponent(req.path)}`)
    return null
  }
  if (visit.ended === null)
    try {
      return visitorOf(await askGate(relyingParty, visit))
    } catch (error) {
      if (!(error instanceof SessionRefusedError)) throw error
    }
  visits.close(visit.id)
  const sentences = [
    WHY[visit.ended ?? 'refused'],
    'You may have signed out, an Admin may have reset your MFA, or your rights may have changed.',
  ]
  res.status(401).send(outside('Your session has ended', sentences, signInLink('Sign in again'), true))
  return null
}
