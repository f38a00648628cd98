import { type Request, type Response, Router } from 'express'
import { actRequestOf } from '../access/act-request.ts'
import { EVIDENCE_FIELDS } from '../access/evidence.ts'
import { answer } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import type { Deps } from '../deps.ts'
import { personOf } from '../gate/gate.ts'
import { readForm } from '../platform/http/form.ts'
import { leaveNotice, writeNotice } from '../platform/http/notice.ts'
import { readPolicyForm } from './policy-form.ts'
import { clientIdOf, policyPageOf, renderPolicy, renderReview } from './policy-pages.ts'
import { requestMfaReminders } from './request-mfa-reminders.ts'
import { requireMfaFor } from './require-mfa-for.ts'

export function mfaPolicyRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const stepUp = requireStepUp(deps, { act: 'change an MFA policy' })
  for (const path of ['/mfa-policy', '/clients/:id/mfa-policy']) {
    routes.get(path, (req, res) => renderPolicy(deps, req, res))
    routes.get(`${path}/review`, async (req, res) => {
      await renderReview(deps, req, res, readPolicyForm(req.query))
    })
    routes.post(path, readForm, stepUp, (req, res) => savePolicy(deps, req, res))
  }
  const stepUpToRemind = requireStepUp(deps, { act: 'remind people to set up MFA' })
  routes.post('/mfa-policy/reminders', readForm, stepUpToRemind, async (req, res) => {
    const { clientId } = personOf(res)
    await answer(res, await requestMfaReminders(deps, { ...actRequestOf(req), clientId }), {
      done: () => {
        leaveNotice(res, 'mfa-reminded')
        res.redirect(303, '/')
      },
      again: () => {
        throw new Error('the form of reminders has no fields')
      },
    })
  })
  return routes
}

async function savePolicy(deps: Deps, req: Request, res: Response): Promise<void> {
  const { timeZone } = res.locals
  const clientId = clientIdOf(req, res)
  await answer(res, await requireMfaFor(deps, { ...actRequestOf(req), clientId, timeZone }), {
    done: () => {
      writeNotice(res, policyPageOf(req), { name: 'policy-saved' })
      res.redirect(303, policyPageOf(req))
    },
    again: ({ missing }) => {
      const evidence = EVIDENCE_FIELDS.filter((field) => missing.includes(field))
      const form = readPolicyForm(req.body)
      // A wrong role group or start is a matter of the page before the review.
      return evidence.length < missing.length
        ? renderPolicy(deps, req, res, form)
        : renderReview(deps, req, res, form, evidence)
    },
  })
}
