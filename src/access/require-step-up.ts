import type { RequestHandler, Response } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { saveProofs } from '../gate/save-proofs.ts'
import { browserTokensOf } from '../lockout/known-browser-cookie.ts'
import { renderIfLocked } from '../lockout/lock-page.ts'
import { wrongCode } from '../mfa/wrong-code.ts'
import { originOf } from '../platform/http/origin.ts'
import { admit } from '../sign-in/password-hash.ts'
import { proveStepUp } from './prove-step-up.ts'
import { hasSteppedUp, STEP_UP_LIFE_MS } from './step-up.ts'

/** The field for the code or password, in the form that waits for it. */
const FIELD = 'presence'

interface Held {
  /** As it follows 'You are about to'. */
  act: string
  /** The page to go back to; by default the path of the form. */
  back?: string
}

/** Asks for step-up before a form is handled; the step-up page carries the form along. Comes after `readForm`. */
export function requireStepUp(deps: Deps, { act, back }: Held): RequestHandler {
  return async (req, res, next) => {
    const proofs = proofsOf(req)
    if (hasSteppedUp(proofs, deps.clock.now())) return next()

    const { [FIELD]: typed, ...form }: Record<string, unknown> = req.body
    const held = { act, action: req.originalUrl, back: back ?? req.originalUrl, form }
    if (typeof typed !== 'string' || typed === '') return renderStepUp(res, held)
    const person = personOf(res)
    const proof = { typed, browser: browserTokensOf(req, deps.config) }
    const outcome = await admit(() => proveStepUp(deps, actingSessionOf(req), person, proof, originOf(req)))
    if (outcome.ok) {
      await saveProofs(req, { ...proofs, presentAt: deps.clock.now().getTime() })
      req.body = form
      return next()
    }
    if (renderIfLocked(res, deps.clock, outcome)) return
    if (outcome.problem === 'superseded') return res.redirect(303, '/')
    renderStepUp(res, held, person.authenticator ? wrongCode(deps, person) : 'That password is not right.')
  }
}

/** The step-up page (401). `action`: a route that requires step-up. */
export function renderStepUp(
  res: Response,
  { form, ...held }: { act: string; action: string; back: string; form: Record<string, unknown> },
  problem: string | null = null,
): void {
  res.status(401).render('access/step-up', {
    ...held,
    problem,
    proofLifeMs: STEP_UP_LIFE_MS,
    withCode: personOf(res).authenticator !== null,
    held: Object.entries(form).flatMap(([name, value]) =>
      [value].flat().map((single) => ({ name, value: String(single) })),
    ),
  })
}
