import { type RequestHandler, Router } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { proceed } from '../gate/proceed.ts'
import { saveProofs } from '../gate/save-proofs.ts'
import { storedId } from '../gate/session-store.ts'
import { renderNotFound } from '../http/errors.ts'
import { readForm } from '../http/form.ts'
import { leaveNotice } from '../http/notice.ts'
import { originOf } from '../http/origin.ts'
import { browserTokensOf } from '../lockout/known-browser-cookie.ts'
import { renderIfLocked } from '../lockout/lock-page.ts'
import { requirePresence } from '../presence/require-presence.ts'
import { admit } from '../sign-in/password-hash.ts'
import { signOut } from '../sign-in/sign-out.ts'
import { changePassword } from './change-password.ts'
import { endOwnBrowsers } from './end-own-browsers.ts'
import { endOneSession, endOtherSessions } from './end-own-sessions.ts'
import { sessionHandle } from './own-sessions.queries.ts'
import { problemsOf, readPasswords } from './password-form.ts'
import { renderAccount } from './render-account.ts'

/** One's own account: profile, authenticator, password, sessions, recent sign-ins. Nobody sees another's here. */
export function accountRoutes(deps: Deps): Router {
  const { clock } = deps
  const routes = Router({ caseSensitive: true, strict: true })
  const present = requirePresence(deps, { act: 'end one or more of your sessions', back: '/account' })
  const endsBrowsers = { act: 'end one or more of your known browsers', back: '/account' }
  const browsersPresent = requirePresence(deps, endsBrowsers)

  routes.get('/account', (req, res) => renderAccount(deps, req, res))

  routes.post('/account/password', readForm, (req, res) =>
    admit(async () => {
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
      if (renderIfLocked(res, clock, outcome)) return
      const problems = problemsOf({ currentPassword: 'That is not your current password.' })
      await renderAccount(deps, req, res, { problems, status: 401 })
    }),
  )

  routes.post('/account/sessions/:id/end', readForm, signOutIfOwn(deps), present, async (req, res) => {
    const ended = await endOneSession(deps, actingSessionOf(req), String(req.params.id), originOf(req))
    if (!ended) return renderNotFound(res)
    leaveNotice(res, 'session-ended')
    res.redirect(303, '/account')
  })

  routes.post('/account/sessions/end-others', readForm, present, async (req, res) => {
    const epoch = await endOtherSessions(deps, actingSessionOf(req), originOf(req))
    if (epoch !== null) {
      await saveProofs(req, { ...proofsOf(req), epoch })
      leaveNotice(res, 'other-sessions-ended')
    }
    res.redirect(303, '/account')
  })

  routes.post('/account/known-browsers/end-all', readForm, browsersPresent, async (req, res) => {
    const ended = await endOwnBrowsers(deps, actingSessionOf(req), null, originOf(req))
    if (ended) leaveNotice(res, 'browsers-ended')
    res.redirect(303, '/account')
  })

  routes.post('/account/known-browsers/:id/end', readForm, browsersPresent, async (req, res) => {
    const ended = await endOwnBrowsers(deps, actingSessionOf(req), String(req.params.id), originOf(req))
    if (!ended) return renderNotFound(res)
    leaveNotice(res, 'browser-ended')
    res.redirect(303, '/account')
  })

  return routes
}

/** Ending the session one is in is signing out, and needs no proof. */
function signOutIfOwn(deps: Deps): RequestHandler {
  return (req, res, next) =>
    req.params.id === sessionHandle(storedId(req.sessionID)) ? signOut(deps, req, res) : next()
}
