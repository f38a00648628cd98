import { Router } from 'express'
import { z } from 'zod'
import { refuse } from '../access/refuse.ts'
import type { Deps } from '../deps.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { readForm } from '../http/form.ts'
import { originOf } from '../http/origin.ts'
import { requirePresence } from '../presence/require-presence.ts'
import { usersPageOf } from '../users/users-page-of.ts'
import { liftLockout } from './lift-lockout.ts'

const form = z.object({ reason: z.string().trim().max(500).default('') })

/** Unlocking a user before the lock ends by itself. */
export function unlockRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.post('/users/:id/unlock', readForm, requirePresence(deps), async (req, res) => {
    const typed = form.safeParse(req.body)
    const outcome = await liftLockout(deps, {
      actor: proofsOf(req),
      targetId: String(req.params.id),
      reason: typed.success ? typed.data.reason : '',
      origin: originOf(req),
    })
    if (!outcome.ok) return refuse(res, outcome.refusal)
    res.redirect(303, usersPageOf(personOf(res), outcome.clientId))
  })

  return routes
}
