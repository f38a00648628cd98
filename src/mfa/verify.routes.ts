import { type Request, type Response, Router } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { factsOf, mayAskForReset, type Person } from '../gate/facts.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { pathWithNext } from '../gate/own-path.ts'
import { limitedByAddress } from '../lockout/address-limit.ts'
import { renderIfLocked, renderLockPage } from '../lockout/lock-page.ts'
import { codeLockOf } from '../lockout/policy.ts'
import { readForm } from '../platform/http/form.ts'
import { noticeFor } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { refuseCode } from './fail-code.ts'
import { nextOf, proofsWithNext } from './next-page.ts'
import { proceed } from './proceed.ts'
import { secondsUntilNextCode } from './totp.ts'
import { MISSING_CODE, typedCode } from './typed-code.ts'
import { verifyCode } from './verify-code.ts'
import { wrongCode } from './wrong-code.ts'

/** The MFA prompt. Spec: "The user is presented with the MFA prompt and must enter their TOTP code." */
export function verifyRoutes(deps: Deps): Router {
  const { clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/mfa/verify', (req, res) => {
    const lock = codeLockOf(personOf(res), clock.now())
    if (lock) return renderLockPage(res, clock, lock, mayAsk(deps, req, personOf(res)))
    renderVerify(deps, req, res)
  })

  routes.post('/mfa/verify', readForm, async (req, res) => {
    const code = typedCode(req.body)
    if (code === null) return renderVerify(deps, req, res, MISSING_CODE, 422)
    const person = personOf(res)
    const outcome = await verifyCode(deps, actingSessionOf(req), person, code, originOf(req))
    if (outcome.ok) {
      const verified = { at: clock.now().getTime(), authenticatorId: outcome.authenticatorId }
      return proceed(req, res, deps, person, { ...proofsWithNext(deps, req), verified })
    }
    if (renderIfLocked(res, clock, outcome, mayAsk(deps, req, person))) return
    if (outcome.problem === 'wrong') return renderVerify(deps, req, res, wrongCode(deps, person), 401)
    // Reset while the code was typed.
    res.redirect(303, '/')
  })

  return routes
}

/** A code after the one that locked: the half-way sign-in has ended, but the answer is still the page of the lock. */
export function lockedCodeRoutes(deps: Deps): Router {
  const { clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })

  routes.post(['/mfa/verify', '/mfa/enrol'], async (req, res, next) => {
    const person = req.session.metadata?.person ?? null
    const lock = person && codeLockOf(person, clock.now())
    const { passwordProven } = factsOf(req.session.proofs, person, clock.now())
    if (!person || !lock || !passwordProven) return next()
    const purpose = req.path === '/mfa/enrol' ? 'enrol' : 'verify'
    const origin = originOf(req)
    const refuse = () => refuseCode(deps, person, purpose, lock.until, origin)
    renderIfLocked(res, clock, await limitedByAddress(deps, origin, refuse), mayAsk(deps, req, person))
  })

  return routes
}

function mayAsk({ clock }: Deps, { session }: Request, person: Person): boolean {
  const now = clock.now()
  return mayAskForReset(factsOf(session.proofs, person, now), codeLockOf(person, now) !== null)
}

function renderVerify(
  deps: Deps,
  req: Request,
  res: Response,
  problem: string | null = null,
  status = 200,
): void {
  const { authenticator } = personOf(res)
  if (!authenticator) throw new Error('the stage verify without an authenticator')
  const { enrolled, passwordAt } = proofsOf(req)
  res.status(status).render('mfa/verify', {
    action: pathWithNext('/mfa/verify', nextOf(deps, req)),
    problem,
    news: problem === null ? noticeFor(req) : null,
    justEnrolled: authenticator.lastUsedAt === null,
    // Enrolled elsewhere while this session was at enrolment: possibly by an attacker.
    enrolledElsewhere: enrolled !== authenticator.id && passwordAt < authenticator.activatedAt.getTime(),
    secondsUntilNext: secondsUntilNextCode(authenticator.lastAcceptedStep, deps.clock.now()),
  })
}
