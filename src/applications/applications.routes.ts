import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { refuse } from '../access/refuse.ts'
import { mayViewApplications } from '../access/rules.ts'
import { viewPage, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { cursor, listHref, searchTerm } from '../platform/http/list-query.ts'
import { applicationNoticeOn } from './application-notice.ts'
import { listApplications, readValidSecrets } from './applications.queries.ts'
import { entrySentence } from './entry-sentence.ts'
import { issuerOf } from './issuer.ts'
import { adaptedTo, type ProxyDocument, readProxyDocuments } from './proxy-configurations.ts'
import { readUsesOfAccount } from './uses.queries.ts'
import { usesSecrets } from './uses-secrets.ts'
import { viewApplication } from './view-application.ts'

const filters = z.object({ q: searchTerm, after: cursor })

/** The Service Desk sees every application; an Admin those that people of the account use. */
export function applicationsRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const documents = readProxyDocuments()
  routes.get('/applications', (req, res) => renderList(deps, req, res))
  routes.get('/applications/:id', (req, res) => renderApplication(deps, documents, req, res))
  return routes
}

async function renderList(deps: Deps, req: Request, res: Response): Promise<void> {
  const view = await viewPage(deps, visitOf(req, res), mayViewApplications)
  if (!view.ok) return refuse(res, view.refusal)
  const { actor, person } = view
  if (!actor.isServiceDesk) {
    const uses = await readUsesOfAccount(deps.db, person.clientId)
    return res.render('applications/of-account', { clientName: person.clientName, uses })
  }

  const chosen = filters.parse(req.query)
  const page = await listApplications(deps.db, chosen)
  res.render('applications/applications', {
    q: chosen.q,
    path: req.path,
    applications: page.applications.map((found) => ({ ...found, entry: entrySentence(found) })),
    first: chosen.after && listHref(req.path, { ...chosen, after: '' }),
    next: page.next && listHref(req.path, { ...chosen, after: page.next }),
  })
}

async function renderApplication(
  deps: Deps,
  documents: readonly ProxyDocument[],
  req: Request,
  res: Response,
): Promise<void> {
  const application = await viewApplication(deps, req, res)
  if (!application) return
  const { PUBLIC_URL } = deps.config
  const { host } = application
  res.render('applications/application', {
    application,
    done: applicationNoticeOn(req, application),
    entry: entrySentence(application),
    publicUrl: PUBLIC_URL,
    issuer: issuerOf(PUBLIC_URL),
    proxies: host === null ? [] : documents.map((one) => adaptedTo(one, { publicUrl: PUBLIC_URL, host })),
    usesSecrets: usesSecrets(application),
    secrets: await readValidSecrets(deps.db, application.id, deps.clock.now()),
  })
}
