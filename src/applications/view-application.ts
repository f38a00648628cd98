import type { Request, Response } from 'express'
import { refuse } from '../access/refuse.ts'
import { mayRunApplications } from '../access/rules.ts'
import { refuseUnknownPage, viewPage, visitOf } from '../access/visit.ts'
import type { Deps } from '../deps.ts'
import { readApplication } from './applications.queries.ts'

/** The application of a page of the Service Desk. Null if a refusal was answered. */
export async function viewApplication(deps: Deps, req: Request, res: Response) {
  const visit = visitOf(req, res)
  const view = await viewPage(deps, visit, mayRunApplications)
  if (!view.ok) {
    refuse(res, view.refusal)
    return null
  }
  const applicationId = String(req.params.id)
  const application = await readApplication(deps.db, applicationId)
  if (application) return application
  refuse(res, (await refuseUnknownPage(deps, visit, applicationId)).refusal)
  return null
}
