import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { readHelp } from '../gate/branding.queries.ts'
import { ownPath, pathWithNext } from '../gate/own-path.ts'
import { setHelp } from '../gate/show-help.ts'
import { browserTokensOf } from '../lockout/known-browser-cookie.ts'
import { renderIfLocked } from '../lockout/lock-page.ts'
import { proceed } from '../mfa/proceed.ts'
import { canonicalEmail, MAX_EMAIL_LENGTH } from '../platform/http/email-address.ts'
import { readForm } from '../platform/http/form.ts'
import { noticeFor } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { checkPassword } from './check-password.ts'
import { admit, refuseWhileOverloaded } from './password-hash.ts'
import { typedPassword } from './password-rules.ts'
import { signedOutNews } from './signed-out-news.ts'
import { shutOutSentence } from './signed-out-sentence.ts'

const emailField = z.string().transform(canonicalEmail).pipe(z.string().min(1).max(MAX_EMAIL_LENGTH))

const MISSING = 'Enter your e-mail address and your password.'
const WRONG = 'The e-mail address or the password is wrong.'

export function signInRoutes(deps: Deps): Router {
  const { PUBLIC_URL } = deps.config
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/sign-in', async (req, res) => {
    const done = noticeFor(req)
    renderSignIn(req, res, PUBLIC_URL, done ? { done } : { news: await signedOutNews(deps, req, res) })
  })

  routes.post('/sign-in', refuseWhileOverloaded, readForm, (req, res) =>
    admit(async () => {
      const email = emailField.safeParse(req.body.email)
      const password = typedPassword(req.body.password)
      if (!email.success || password === null)
        return renderSignIn(req, res, PUBLIC_URL, { problem: MISSING }, 422)

      const browser = browserTokensOf(req, deps.config)
      const outcome = await checkPassword(deps, { email: email.data, password, browser }, originOf(req))
      if (outcome.ok) {
        const { id: userId, sessionEpoch: epoch } = outcome.person
        const next = ownPath(req.query.next, PUBLIC_URL)
        const proofs = { userId, epoch, passwordAt: deps.clock.now().getTime(), ...(next && { next }) }
        return proceed(req, res, deps, outcome.person, proofs)
      }
      const proven = outcome.problem === 'shut-out' ? outcome.person : null
      setHelp(res, await readHelp(deps.db, proven))
      if (outcome.problem === 'shut-out') {
        const refusal = shutOutSentence(outcome.because, outcome.person, res.locals.helper)
        return renderSignIn(req, res, PUBLIC_URL, { refusal }, 401)
      }
      if (renderIfLocked(res, deps.clock, outcome)) return
      renderSignIn(req, res, PUBLIC_URL, { problem: WRONG }, 401)
    }),
  )

  return routes
}

function renderSignIn(
  req: Request,
  res: Response,
  publicUrl: string,
  message: { problem?: string; refusal?: string; done?: string; news?: string | null },
  status = 200,
): void {
  const email: unknown = req.body?.email
  const next = ownPath(req.query.next, publicUrl)
  res.status(status).render('sign-in/sign-in', {
    email: typeof email === 'string' ? email : '',
    action: pathWithNext('/sign-in', next),
    ...message,
  })
}
