import { Router } from 'express'
import { pathWithNext } from '../gate/own-path.ts'
import { STAGES } from '../gate/stages.ts'

/** A person who arrives from an application half-way through sign-in finishes it and goes back to the application. */
export function arrivalRoutes(): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.get(['/access', '/oidc/interaction/:uid'], (req, res) => {
    const stage = STAGES.find(({ name }) => name === res.locals.stage)
    res.redirect(303, pathWithNext(stage?.page ?? '/', req.originalUrl))
  })
  return routes
}
