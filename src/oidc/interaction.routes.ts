import { type Request, type Response, Router } from 'express'
import { errors, type InteractionResults } from 'oidc-provider'
import { proveStepUp } from '../access/prove-step-up.ts'
import { lastProofAt } from '../access/step-up.ts'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { saveProofs } from '../gate/save-proofs.ts'
import { browserTokensOf } from '../lockout/known-browser-cookie.ts'
import { renderIfLocked } from '../lockout/lock-page.ts'
import { wrongCode } from '../mfa/wrong-code.ts'
import { readForm } from '../platform/http/form.ts'
import { originOf } from '../platform/http/origin.ts'
import { admit } from '../sign-in/password-hash.ts'
import type { Oidc } from './open-oidc.ts'
import { askedAtOf } from './prompts.ts'

const PAGE = '/oidc/interaction/:uid'

interface Shown {
  application: string
  reasons: readonly string[]
  askedAt: number
}

/** What a signed-in person still has to do before the application opens. Sign-in and enrolment lead here as to any page. */
export function interactionRoutes(deps: Deps, oidc: Oidc): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get(PAGE, async (req, res) => {
    const shown = await readInteraction(oidc, req, res)
    if (!shown) return renderGone(res)
    const { application, reasons, askedAt } = shown
    if (reasons.includes('id_token_hint'))
      return goOn(oidc, req, res, application, { error: 'login_required' })
    if (mustAuthenticate(req, reasons, askedAt)) return renderStepUp(res, application)
    if (reasons.includes('mfa') && personOf(res).authenticator === null)
      return res.render('oidc/enrol', {
        application,
        enrolPage: `/account/authenticator?next=${encodeURIComponent(req.path)}`,
      })
    await goOn(oidc, req, res, application, { consent: {} })
  })

  routes.post(PAGE, readForm, async (req, res) => {
    const shown = await readInteraction(oidc, req, res)
    if (!shown) return renderGone(res)
    const person = personOf(res)
    const proof = {
      typed: typeof req.body.presence === 'string' ? req.body.presence : '',
      browser: browserTokensOf(req, deps.config),
    }
    const outcome = await admit(() => proveStepUp(deps, actingSessionOf(req), person, proof, originOf(req)))
    if (outcome.ok) {
      await saveProofs(req, { ...proofsOf(req), presentAt: deps.clock.now().getTime() })
      return res.redirect(303, req.path)
    }
    if (renderIfLocked(res, deps.clock, outcome)) return
    if (outcome.problem === 'superseded') return res.redirect(303, req.path)
    renderStepUp(
      res,
      shown.application,
      person.authenticator ? wrongCode(deps, person) : 'That password is not right.',
    )
  })

  return routes
}

/** Null if it is over, or begun in another browser. */
async function readInteraction(oidc: Oidc, req: Request, res: Response): Promise<Shown | null> {
  const provider = await oidc.provider()
  try {
    const { uid, params, prompt } = await provider.interactionDetails(req, res)
    const client = await provider.Client.find(String(params.client_id))
    if (uid !== req.params.uid || !client) return null
    return {
      application: client.clientName ?? client.clientId,
      reasons: prompt.reasons,
      askedAt: askedAtOf(prompt.details) ?? Number.POSITIVE_INFINITY,
    }
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return null
    throw error
  }
}

function mustAuthenticate(req: Request, reasons: readonly string[], askedAt: number): boolean {
  const again = reasons.includes('login_prompt') || reasons.includes('max_age')
  return again && lastProofAt(proofsOf(req)) < askedAt
}

/**
 * A page that goes on by itself: `form-action` would stop a redirect that begins with a form and ends elsewhere. After a
 * form, htmx asks for it twice.
 */
async function goOn(
  oidc: Oidc,
  req: Request,
  res: Response,
  application: string,
  result: InteractionResults,
): Promise<void> {
  const provider = await oidc.provider()
  const to = await provider.interactionResult(req, res, result, { mergeWithLastSubmission: false })
  res.render('oidc/continue', { application, to })
}

function renderStepUp(res: Response, application: string, problem: string | null = null): void {
  res.status(problem === null ? 200 : 401).render('oidc/step-up', {
    application,
    problem,
    withCode: personOf(res).authenticator !== null,
    action: res.req.path,
  })
}

function renderGone(res: Response): void {
  res.status(410).render('oidc/gone')
}
