import { type Request, type Response, Router } from 'express'
import type { Deps } from '../deps.ts'
import { mfaRequired } from '../gate/facts.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { proceed } from '../gate/proceed.ts'
import { readPerson } from '../gate/read-person.ts'
import { storedId } from '../gate/session-store.ts'
import { readForm } from '../http/form.ts'
import { leaveNotice, noticeFor } from '../http/notice.ts'
import { originOf } from '../http/origin.ts'
import { renderIfLocked, renderLockPage } from '../lockout/lock-page.ts'
import { codeLockOf } from '../lockout/policy.ts'
import { readLastReset } from '../mfa-reset/last-reset.queries.ts'
import { beginEnrolment } from './begin-enrolment.ts'
import { confirmEnrolment } from './confirm-enrolment.ts'
import { enrolmentView } from './enrolment-view.ts'
import { MISSING_CODE, typedCode } from './typed-code.ts'
import { wrongCode } from './wrong-code.ts'

const SUPERSEDED =
  'That key is no longer valid: it was too old, or setting up was started again, perhaps in another browser. If that was not you, choose a new password and tell an Admin. Otherwise scan the new key below.'

/** Enrolment: the secret is shown, and a first code from it makes it the person's authenticator. */
export function enrolRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/mfa/enrol', async (req, res) => {
    const lock = codeLockOf(personOf(res), deps.clock.now())
    if (lock) return renderLockPage(res, deps.clock, lock)
    await renderEnrol(deps, req, res)
  })

  routes.post('/mfa/enrol/restart', async (req, res) => {
    await beginEnrolment(deps, personOf(res), storedId(req.sessionID), originOf(req), 'restart')
    leaveNotice(res, 'enrolment-restarted')
    res.redirect(303, '/mfa/enrol')
  })

  routes.post('/mfa/enrol', readForm, async (req, res) => {
    const code = typedCode(req.body)
    if (code === null) return renderEnrol(deps, req, res, MISSING_CODE, 422)
    const person = personOf(res)
    const outcome = await confirmEnrolment(deps, person, storedId(req.sessionID), code, originOf(req))
    if (outcome.ok) {
      const enrolled = await readPerson(deps.db, person.id)
      if (!enrolled) throw new Error('an enrolled person is gone')
      const proofs = { ...proofsOf(req), enrolled: outcome.authenticatorId }
      return proceed(req, res, deps.clock, enrolled, proofs)
    }
    if (renderIfLocked(res, deps.clock, outcome)) return
    if (outcome.problem === 'wrong') return renderEnrol(deps, req, res, wrongCode(deps, person), 401)
    await renderEnrol(deps, req, res, SUPERSEDED, 409)
  })

  return routes
}

async function renderEnrol(
  deps: Deps,
  req: Request,
  res: Response,
  problem: string | null = null,
  status = 200,
): Promise<void> {
  const person = personOf(res)
  const enrolment = await beginEnrolment(deps, person, storedId(req.sessionID), originOf(req))
  // Enrolled meanwhile in another browser: the gate knows where to go.
  if (!enrolment) return res.redirect(303, '/')

  res.status(status).render('mfa/enrol', {
    key: await enrolmentView(deps.config, person, enrolment),
    required: mfaRequired(person),
    resetAt: await readLastReset(deps.db, person.id),
    notice: noticeFor(req),
    problem,
  })
}
