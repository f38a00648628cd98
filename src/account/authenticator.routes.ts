import { type Request, type Response, Router } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import { revokePendingAuthenticator } from '../gate/revoke-pending-authenticator.ts'
import { saveProofs } from '../gate/save-proofs.ts'
import { browserTokensOf } from '../lockout/known-browser-cookie.ts'
import { renderIfLocked, renderLockPage } from '../lockout/lock-page.ts'
import { codeLockOf } from '../lockout/policy.ts'
import { type Beginning, beginEnrolment } from '../mfa/begin-enrolment.ts'
import { confirmEnrolment } from '../mfa/confirm-enrolment.ts'
import { enrolmentView } from '../mfa/enrolment-view.ts'
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
/** Which of the two was wrong is not said. */
const WRONG = 'The password or the code is not right. Enter the code your app shows now; each works once.'
const WRONG_PASSWORD = 'The password is not right.'

interface ProveProblems {
  /** Concerns both fields. */
  both: string
  password: string
  code: string
}

/**
 * Change of device while the old one works: password and current code in one form, then the new one as at enrolment.
 * It is no reset, and never works without the old code. Who has none and needs none may set one up in the same way.
 */
export function authenticatorRoutes(deps: Deps): Router {
  const { db, clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get(PAGE, (req, res) => renderPage(deps, req, res))

  routes.post(PAGE, readForm, (req, res) =>
    admit(async () => {
      const person = personOf(res)
      const password = typedPassword(req.body.password)
      // Who has no authenticator has no code to give.
      const code = person.authenticator ? typedCode(req.body) : ''
      if (password === null || code === null) {
        const problems = {
          password: password === null ? MISSING : '',
          code: code === null ? MISSING_CODE : '',
        }
        return renderProve(res, problems, 422)
      }

      const outcome = await proveIdentity(
        deps,
        actingSessionOf(req),
        person,
        { password, code, browser: browserTokensOf(req, deps.config) },
        originOf(req),
      )
      if (!outcome.ok) {
        if (renderIfLocked(res, clock, outcome)) return
        // Reset while it was proven: the session is over, the gate knows where to go.
        if (outcome.problem === 'superseded') return res.redirect(303, '/')
        return renderProve(res, { both: person.authenticator ? WRONG : WRONG_PASSWORD }, 401)
      }
      // What was proven anew is as good as a sign-in: after the change 10 minutes are left for the next code.
      await saveProofs(req, { ...proofsOf(req), passwordAt: clock.now().getTime() })
      await beginEnrolment(deps, person, beginning(req, 'anew'), originOf(req))
      res.redirect(303, PAGE)
    }),
  )

  routes.post(`${PAGE}/restart`, async (req, res) => {
    await beginEnrolment(deps, personOf(res), beginning(req, 'restart'), originOf(req))
    leaveNotice(res, 'device-restarted')
    res.redirect(303, PAGE)
  })

  routes.post(`${PAGE}/cancel`, async (req, res) => {
    const { sessionId: begunIn } = actingSessionOf(req)
    await db.transaction((tx) => revokePendingAuthenticator(tx, personOf(res).id, clock.now(), begunIn))
    leaveNotice(res, 'device-kept')
    res.redirect(303, '/account')
  })

  routes.post(`${PAGE}/confirm`, readForm, async (req, res) => {
    const code = typedCode(req.body)
    if (code === null) return renderPage(deps, req, res, MISSING_CODE, 422)
    const person = personOf(res)
    const outcome = await confirmEnrolment(deps, person, actingSessionOf(req), code, originOf(req))
    if (outcome.ok) {
      const enrolled = await readPerson(db, person.id)
      if (!enrolled) throw new Error('an enrolled person is gone')
      // This session has verified with the authenticator that is dead: the gate asks it for a further code.
      return proceed(req, res, deps, enrolled, {
        ...proofsOf(req),
        enrolled: outcome.authenticatorId,
        epoch: outcome.epoch,
        next: '/account',
      })
    }
    if (renderIfLocked(res, clock, outcome)) return
    if (outcome.problem === 'wrong') return renderPage(deps, req, res, wrongCode(deps, person), 401)
    // Expired, started over, or begun elsewhere meanwhile: from the beginning.
    const both = 'That key is no longer valid. Prove again that it is you, and start again.'
    renderProve(res, { both }, 409)
  })

  return routes
}

function beginning(req: Request, how: Beginning['how']): Beginning {
  return { session: actingSessionOf(req), how }
}

/** The key to scan if it is pending in this session, else the form that comes before it. */
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
  if (!pending) return renderProve(res)
  res.status(status).render('account/scan', {
    key: await enrolmentView(deps.config, person, pending),
    replaces: person.authenticator !== null,
    notice: noticeFor(req),
    problem,
  })
}

function renderProve(res: Response, problems: Partial<ProveProblems> = {}, status = 200): void {
  res.status(status).render('account/prove', {
    replaces: personOf(res).authenticator !== null,
    problems: { both: '', password: '', code: '', ...problems },
  })
}
