import { Router } from 'express'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { readPublicLogo } from './logos.queries.ts'
import { sendLogo } from './send-logo.ts'

const address = z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/), type: z.enum(['svg', 'png']) })

/** The logos that gate pages show. Before sessions: a page for a visitor may show one. */
export function publicLogoRoutes({ db }: Pick<Deps, 'db'>): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.get('/logos/:hash.:type', async (req, res) => {
    const asked = address.safeParse(req.params)
    const logo = asked.success ? await readPublicLogo(db, asked.data) : null
    if (!logo) return void res.sendStatus(404)
    sendLogo(req, res, logo, 'public, max-age=31536000, immutable')
  })
  return routes
}
