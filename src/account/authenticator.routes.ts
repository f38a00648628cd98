import { type Request, type Response, Router } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { pathWithNext } from '../gate/own-path.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import { revokePendingAuthenticator } from '../gate/revoke-pending-authenticator.ts'
import { saveProofs } from '../gate/save-proofs.ts'
import { renderIfLocked, renderLockPage } from '../lockout/lock-page.ts'
import { codeLockOf } from '../lockout/policy.ts'
import { type Beginning, beginEnrolment } from '../mfa/begin-enrolment.ts'
import { confirmEnrolment } from '../mfa/confirm-enrolment.ts'
import { enrolmentView } from '../mfa/enrolment-view.ts'
import { nextOf } from '../mfa/next-page.ts'
import { readPendingAuthenticator } from '../mfa/pending-authenticator.queries.ts'
import { proceed } from '../mfa/proceed.ts'
import { MISSING_CODE, typedCode } from '../mfa/typed-code.ts'
import { wrongCode } from '../mfa/wrong-code.ts'
import { readForm } from '../platform/http/form.ts'
import { leaveNotice, noticeFor } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { admit } from '../sign-in/password-hash.ts'
import { typedPassword } from '../sign-in/password-rules.ts'
import { proveIdentity } from './prove-identity.ts'

const PAGE = '/account/authenticator'
const MISSING = 'Enter your password.'
// The page does not say which of the two was wrong.
const WRONG = 'The password or the code is not right. Enter the code your app shows now; each works once.'
const WRONG_PASSWORD = 'The password is not right.'

interface ProveProblems {
  both: string
  password: string
  code: string
}

/** Changes the authenticator with password and current code; also the first enrolment of a person without MFA. */
export function authenticatorRoutes(deps: Deps): Router {
  const { db, clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get(PAGE, (req, res) => renderPage(deps, req, res))

  routes.post(PAGE, readForm, (req, res) => admit(() => beginChange(deps, req, res)))

  routes.post(`${PAGE}/restart`, readForm, async (req, res) => {
    await beginEnrolment(deps, personOf(res), beginning(req, 'restart'), originOf(req))
    leaveNotice(res, 'device-restarted')
    res.redirect(303, PAGE + wayBack(deps, req))
  })

  routes.post(`${PAGE}/cancel`, readForm, async (req, res) => {
    const { sessionId: begunIn } = actingSessionOf(req)
    await db.transaction((tx) => revokePendingAuthenticator(tx, personOf(res).id, clock.now(), begunIn))
    leaveNotice(res, 'device-kept')
    res.redirect(303, '/account')
  })

  routes.post(`${PAGE}/confirm`, readForm, (req, res) => confirmChange(deps, req, res))

  return routes
}

async function beginChange(deps: Deps, req: Request, res: Response): Promise<void> {
  const person = personOf(res)
  const password = typedPassword(req.body.password)
  const code = person.authenticator ? typedCode(req.body) : ''
  if (password === null || code === null) {
    const problems = {
      password: password === null ? MISSING : '',
      code: code === null ? MISSING_CODE : '',
    }
    return renderProve(deps, req, res, problems, 422)
  }

  const outcome = await proveIdentity(deps, req, person, { password, code })
  if (!outcome.ok) {
    if (renderIfLocked(res, deps.clock, outcome)) return
    if (outcome.problem === 'superseded') return res.redirect(303, '/')
    const both = person.authenticator ? WRONG : WRONG_PASSWORD
    return renderProve(deps, req, res, { both }, 401)
  }
  // Proving both counts as a sign-in: after the change 10 minutes remain for the next code.
  await saveProofs(req, { ...proofsOf(req), passwordAt: deps.clock.now().getTime() })
  await beginEnrolment(deps, person, beginning(req, 'anew'), originOf(req))
  res.redirect(303, PAGE + wayBack(deps, req))
}

async function confirmChange(deps: Deps, req: Request, res: Response): Promise<void> {
  const code = typedCode(req.body)
  if (code === null) return renderPage(deps, req, res, MISSING_CODE, 422)
  const person = personOf(res)
  const outcome = await confirmEnrolment(deps, person, actingSessionOf(req), code, originOf(req))
  if (outcome.ok) {
    const enrolled = await readPerson(deps.db, person.id)
    if (!enrolled) throw new Error('an enrolled person is gone')
    // This session was verified with the replaced authenticator: the gate asks for a code of the new one.
    return proceed(req, res, deps, enrolled, {
      ...proofsOf(req),
      enrolled: outcome.authenticatorId,
      epoch: outcome.epoch,
      next: nextOf(deps, req) ?? '/account',
    })
  }
  if (renderIfLocked(res, deps.clock, outcome)) return
  if (outcome.problem === 'wrong') return renderPage(deps, req, res, wrongCode(deps, person), 401)
  const both = 'That key is no longer valid. Prove again that it is you, and start again.'
  renderProve(deps, req, res, { both }, 409)
}

/** An application that demands MFA sends people here, and they go back to it afterwards. */
function wayBack(deps: Deps, req: Request): string {
  return pathWithNext('', nextOf(deps, req))
}

function beginning(req: Request, how: Beginning['how']): Beginning {
  return { session: actingSessionOf(req), how }
}

async function renderPage(
  deps: Deps,
  req: Request,
  res: Response,
  problem = '',
  status = 200,
): Promise<void> {
  const person = personOf(res)
  const lock = codeLockOf(person, deps.clock.now())
  if (lock) return renderLockPage(res, deps.clock, lock)

  const pending = await readPendingAuthenticator(deps, deps.db, actingSessionOf(req))
  if (!pending) return renderProve(deps, req, res)
  res.status(status).render('account/scan', {
    key: await enrolmentView(deps.config, person, pending),
    replaces: person.authenticator !== null,
    wayBack: wayBack(deps, req),
    notice: noticeFor(req),
    problem,
  })
}

function renderProve(
  deps: Deps,
  req: Request,
  res: Response,
  problems: Partial<ProveProblems> = {},
  status = 200,
): void {
  res.status(status).render('account/prove', {
    replaces: personOf(res).authenticator !== null,
    wayBack: wayBack(deps, req),
    problems: { both: '', password: '', code: '', ...problems },
  })
}
