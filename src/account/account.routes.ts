import { type Request, type RequestHandler, type Response, Router } from 'express'
import { requireStepUp } from '../access/require-step-up.ts'
import type { Deps } from '../deps.ts'
import { readOpenEmailChange } from '../email-change/email-changes.queries.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { mfaRequired } from '../gate/mfa-required.ts'
import { readSessionsToShow, sessionHandle } from '../gate/open-sessions.queries.ts'
import { saveProofs } from '../gate/save-proofs.ts'
import { storedId } from '../gate/session-store.ts'
import { browserTokensOf, hashBrowserToken, KNOWN_FOR_MS } from '../lockout/known-browser-cookie.ts'
import { readKnownBrowsers } from '../lockout/known-browsers.queries.ts'
import { renderIfLocked } from '../lockout/lock-page.ts'
import { proceed } from '../mfa/proceed.ts'
import { describeDevice } from '../platform/http/describe-device.ts'
import { renderNotFound } from '../platform/http/errors.ts'
import { readForm } from '../platform/http/form.ts'
import { leaveNotice, noticeFor } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { admit } from '../sign-in/password-hash.ts'
import { signOut } from '../sign-in/sign-out.ts'
import { changePassword } from './change-password.ts'
import { endOwnBrowsers } from './end-own-browsers.ts'
import { endOneSession, endOtherSessions } from './end-own-sessions.ts'
import { type PasswordProblems, problemsOf, readPasswords } from './password-form.ts'
import { readRecentSignIns } from './recent-sign-ins.queries.ts'

export function accountRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  const sessionStepUp = requireStepUp(deps, { act: 'end one or more of your sessions', back: '/account' })
  const browserStepUp = requireStepUp(deps, {
    act: 'end one or more of your known browsers',
    back: '/account',
  })

  routes.get('/account', (req, res) => renderAccount(deps, req, res))

  routes.post('/account/password', readForm, (req, res) => admit(() => postPassword(deps, req, res)))

  routes.post(
    '/account/sessions/:id/end',
    readForm,
    signOutIfCurrent(deps),
    sessionStepUp,
    async (req, res) => {
      const ended = await endOneSession(deps, actingSessionOf(req), String(req.params.id), originOf(req))
      if (!ended) return renderNotFound(res)
      leaveNotice(res, 'session-ended')
      res.redirect(303, '/account')
    },
  )

  routes.post('/account/sessions/end-others', readForm, sessionStepUp, async (req, res) => {
    const epoch = await endOtherSessions(deps, actingSessionOf(req), originOf(req))
    if (epoch !== null) {
      await saveProofs(req, { ...proofsOf(req), epoch })
      leaveNotice(res, 'other-sessions-ended')
    }
    res.redirect(303, '/account')
  })

  routes.post('/account/known-browsers/end-all', readForm, browserStepUp, async (req, res) => {
    const ended = await endOwnBrowsers(deps, actingSessionOf(req), null, originOf(req))
    if (ended) leaveNotice(res, 'browsers-ended')
    res.redirect(303, '/account')
  })

  routes.post('/account/known-browsers/:id/end', readForm, browserStepUp, async (req, res) => {
    const ended = await endOwnBrowsers(deps, actingSessionOf(req), String(req.params.id), originOf(req))
    if (!ended) return renderNotFound(res)
    leaveNotice(res, 'browser-ended')
    res.redirect(303, '/account')
  })

  return routes
}

async function postPassword(deps: Deps, req: Request, res: Response): Promise<void> {
  const person = personOf(res)
  const typed = readPasswords(req.body, person)
  if (!typed.ok) return renderAccount(deps, req, res, { problems: typed.problems, status: 422 })
  const passwords = { ...typed, browser: browserTokensOf(req, deps.config) }
  const outcome = await changePassword(deps, actingSessionOf(req), passwords, originOf(req))
  if (outcome.ok) {
    const { epoch } = outcome
    leaveNotice(res, 'own-password-changed')
    const proofs = { ...proofsOf(req), epoch, next: '/account' }
    return proceed(req, res, deps, { ...person, sessionEpoch: epoch }, proofs)
  }
  if (outcome.problem === 'superseded') return res.redirect(303, '/')
  if (renderIfLocked(res, deps.clock, outcome)) return
  const problems = problemsOf({ currentPassword: 'That is not your current password.' })
  await renderAccount(deps, req, res, { problems, status: 401 })
}

/** Ending the current session is a sign-out and needs no step-up. */
function signOutIfCurrent(deps: Deps): RequestHandler {
  return (req, res, next) =>
    req.params.id === sessionHandle(storedId(req.sessionID)) ? signOut(deps, req, res) : next()
}

async function renderAccount(
  deps: Deps,
  req: Request,
  res: Response,
  answer: { problems: PasswordProblems; status: number } | null = null,
): Promise<void> {
  const { db, clock } = deps
  const person = personOf(res)
  const now = clock.now()
  res.status(answer?.status ?? 200).render('account/account', {
    roleGroupNames: person.roleGroups.map(({ name }) => name),
    authenticator: person.authenticator,
    mfaRequired: mfaRequired(person, now),
    sessions: await readSessionsToShow(db, person, storedId(req.sessionID), now),
    knownForMs: KNOWN_FOR_MS,
    browsers: await knownBrowsersFor(deps, req, person.id),
    signIns: await readRecentSignIns(db, person.id),
    problems: answer?.problems ?? problemsOf({}),
    newEmail: await readOpenEmailChange(db, person.id, clock.now()),
    notice: answer ? null : noticeFor(req),
  })
}

async function knownBrowsersFor({ db, clock, config }: Deps, req: Request, userId: string) {
  const own = browserTokensOf(req, config).map(hashBrowserToken)
  const browsers = await readKnownBrowsers(db, userId, clock.now())
  return browsers.map(({ tokenHash, userAgent, ...browser }) => ({
    ...browser,
    device: describeDevice(userAgent ?? ''),
    isThis: own.includes(tokenHash),
  }))
}
