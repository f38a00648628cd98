import { type Request, type Response, Router } from 'express'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { halfwayUntil } from '../gate/facts.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { mfaRequiredSentence } from '../gate/mfa-required-sentence.ts'
import { pathWithNext } from '../gate/own-path.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import { renderIfLocked, renderLockPage } from '../lockout/lock-page.ts'
import { codeLockOf } from '../lockout/policy.ts'
import { readForm } from '../platform/http/form.ts'
import { leaveNotice, noticeFor } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { type Beginning, beginEnrolment } from './begin-enrolment.ts'
import { confirmEnrolment } from './confirm-enrolment.ts'
import { enrolmentView } from './enrolment-view.ts'
import { readLastReset } from './last-reset.queries.ts'
import { nextOf, proofsWithNext } from './next-page.ts'
import { offeredSecret } from './offered-secret.ts'
import { hasBegun, readPendingAuthenticator } from './pending-authenticator.queries.ts'
import { proceed } from './proceed.ts'
import { MISSING_CODE, typedCode } from './typed-code.ts'
import { wrongCode } from './wrong-code.ts'

const SUPERSEDED =
  'That key is no longer valid: it was too old, or setting up was started again, perhaps in another browser. If that was not you, choose a new password and tell an Admin. Otherwise scan the new key below.'

interface Shown {
  secret: Buffer
  pendingUntil: Date
}

export function enrolRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/mfa/enrol', async (req, res) => {
    const lock = codeLockOf(personOf(res), deps.clock.now())
    if (lock) return renderLockPage(res, deps.clock, lock)
    await renderEnrol(deps, req, res, await readShown(deps, req))
  })

  routes.post('/mfa/enrol/restart', async (req, res) => {
    await begin(deps, req, res, 'anew')
    leaveNotice(res, 'enrolment-restarted')
    res.redirect(303, pathWithNext('/mfa/enrol', nextOf(deps, req)))
  })

  routes.post('/mfa/enrol', readForm, async (req, res) => {
    const code = typedCode(req.body)
    if (code === null) return renderEnrol(deps, req, res, await readShown(deps, req), MISSING_CODE, 422)
    const offered = await readOffer(deps, req)
    if (offered) await begin(deps, req, res, 'resume', offered.secret)

    const person = personOf(res)
    const outcome = await confirmEnrolment(deps, person, actingSessionOf(req), code, originOf(req))
    if (outcome.ok) {
      const enrolled = await readPerson(deps.db, person.id)
      if (!enrolled) throw new Error('an enrolled person is gone')
      const proofs = { ...proofsWithNext(deps, req), enrolled: outcome.authenticatorId }
      return proceed(req, res, deps, enrolled, proofs)
    }
    if (renderIfLocked(res, deps.clock, outcome)) return
    const [problem, status] = outcome.problem === 'wrong' ? [wrongCode(deps, person), 401] : [SUPERSEDED, 409]
    const pending = await begin(deps, req, res, 'resume')
    // Enrolled meanwhile in another browser.
    if (!pending) return res.redirect(303, '/')
    await renderEnrol(deps, req, res, pending, problem, status)
  })

  return routes
}

function begin(deps: Deps, req: Request, res: Response, how: Beginning['how'], secret?: Buffer) {
  const beginning = { session: actingSessionOf(req), how, ...(secret && { secret }) }
  return beginEnrolment(deps, personOf(res), beginning, originOf(req))
}

/** The secret that is pending in this session or offered to it; null if another session began one since. */
async function readShown(deps: Deps, req: Request): Promise<Shown | null> {
  const pending = await readPendingAuthenticator(deps, deps.db, actingSessionOf(req))
  return pending ?? (await readOffer(deps, req))
}

/** The derived secret of a session that has begun no enrolment. */
async function readOffer({ db, config }: Deps, req: Request): Promise<Shown | null> {
  const session = actingSessionOf(req)
  if (await hasBegun(db, session)) return null
  const { userId, passwordAt } = session
  const signIn = { cookieId: req.sessionID, userId, passwordAt }
  return { secret: offeredSecret(signIn, config.ENCRYPTION_KEYS), pendingUntil: halfwayUntil(session) }
}

async function renderEnrol(
  deps: Deps,
  req: Request,
  res: Response,
  shown: Shown | null,
  problem: string | null = null,
  status = 200,
): Promise<void> {
  const person = personOf(res)
  res.status(status).render('mfa/enrol', {
    wayOn: pathWithNext('', nextOf(deps, req)),
    key: shown && (await enrolmentView(deps.config, person, shown)),
    requirement: mfaRequiredSentence(person, {
      now: deps.clock.now(),
      isNew: proofsOf(req).admitted ?? false,
    }),
    resetAt: await readLastReset(deps.db, person.id),
    notice: noticeFor(req),
    problem,
  })
}
