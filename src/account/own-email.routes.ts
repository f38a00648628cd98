import { type Request, type Response, Router } from 'express'
import { refuse } from '../access/refuse.ts'
import type { Deps } from '../deps.ts'
import { readOpenEmailChange } from '../email-change/email-changes.queries.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf } from '../gate/gate.ts'
import { EMAIL_PROBLEMS, readEmail } from '../invitations/person-to-invite.ts'
import { renderIfLocked } from '../lockout/lock-page.ts'
import { MISSING_CODE, typedCode } from '../mfa/typed-code.ts'
import { readForm } from '../platform/http/form.ts'
import { leaveNotice } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { admit } from '../sign-in/password-hash.ts'
import { typedPassword } from '../sign-in/password-rules.ts'
import { changeOwnEmail } from './change-own-email.ts'
import { proveIdentity } from './prove-identity.ts'

const PAGE = '/account/email'

type Problems = Record<'email' | 'both' | 'password' | 'code', string>

/** A person asks for another address of their own, with password and current code. */
export function ownEmailRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get(PAGE, (req, res) => renderPage(deps, req, res))
  routes.post(PAGE, readForm, (req, res) => admit(() => postEmail(deps, req, res)))

  return routes
}

async function postEmail(deps: Deps, req: Request, res: Response): Promise<void> {
  const person = personOf(res)
  const email = readEmail(typedFields(req.body, ['email']).email)
  const password = typedPassword(req.body.password)
  const code = person.authenticator ? typedCode(req.body) : ''
  if ('problem' in email || password === null || code === null) {
    const problems = {
      email: 'problem' in email ? EMAIL_PROBLEMS[email.problem] : '',
      password: password === null ? 'Enter your password.' : '',
      code: code === null ? MISSING_CODE : '',
    }
    return renderPage(deps, req, res, problems, 422)
  }

  const proven = await proveIdentity(deps, req, person, { password, code })
  if (!proven.ok) {
    if (renderIfLocked(res, deps.clock, proven)) return
    if (proven.problem === 'superseded') return res.redirect(303, '/')
    // The page does not say which of the two was wrong.
    const both = person.authenticator
      ? 'The password or the code is not right.'
      : 'The password is not right.'
    return renderPage(deps, req, res, { both }, 401)
  }
  const outcome = await changeOwnEmail(deps, actingSessionOf(req), email.email, originOf(req))
  if (outcome.refusal !== null) return refuse(res, outcome.refusal)
  leaveNotice(res, outcome.asked ? 'own-email-asked' : 'email-kept')
  res.redirect(303, '/account')
}

async function renderPage(
  deps: Deps,
  req: Request,
  res: Response,
  problems: Partial<Problems> | null = null,
  status = 200,
): Promise<void> {
  const person = personOf(res)
  const waiting = await readOpenEmailChange(deps.db, person.id, deps.clock.now())
  res.status(status).render('account/email', {
    waiting,
    withCode: person.authenticator !== null,
    email: problems ? typedFields(req.body, ['email']).email : '',
    problems: { email: '', both: '', password: '', code: '', ...problems },
  })
}
