import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { readBranding } from '../gate/branding.queries.ts'
import { setHelp } from '../gate/show-help.ts'
import { countRequest } from '../lockout/address-limit.ts'
import { renderLockPage } from '../lockout/lock-page.ts'
import { rememberBrowser } from '../lockout/remember-browser.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { canonicalEmail, MAX_EMAIL_LENGTH } from '../platform/http/email-address.ts'
import { readForm } from '../platform/http/form.ts'
import { leaveNotice } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { renderLinkGone } from './link-gone.ts'
import { admit } from './password-hash.ts'
import { passwordProblem, SAME_PASSWORD } from './password-rules.ts'
import { requestPasswordReset } from './request-password-reset.ts'
import { ownerOfResetLink } from './reset-link.queries.ts'
import { resetPassword } from './reset-password.ts'

const form = z.object({
  email: z
    .string()
    .transform(canonicalEmail)
    .pipe(
      z
        .string()
        .max(MAX_EMAIL_LENGTH)
        .regex(/^[^\s@]+@[^\s@]+$/),
    ),
})

export function forgotPasswordRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/forgot-password', (_req, res) => {
    res.render('sign-in/forgot-password', { email: '', sent: false, problem: null })
  })

  routes.post('/forgot-password', readForm, async (req, res) => {
    const typed = form.safeParse(req.body)
    if (!typed.success) return renderForgotProblem(req, res)

    const origin = originOf(req)
    const refusedUntil = await countRequest(deps, origin)
    if (refusedUntil) return renderLockPage(res, deps.clock, { kind: 'address', until: refusedUntil })

    await requestPasswordReset(deps, typed.data.email, origin)
    res.render('sign-in/forgot-password', { email: typed.data.email, sent: true, problem: null })
  })

  routes.get('/reset-password/:token', async (req, res) => {
    const owner = await ownerOfResetLink(deps, deps.db, hashToken(req.params.token))
    if (!owner) return renderLinkGone(res, 'password-reset')
    await renderReset(deps, req, res, owner)
  })

  routes.post('/reset-password/:token', readForm, (req, res) =>
    admit(async () => {
      const owner = await ownerOfResetLink(deps, deps.db, hashToken(req.params.token))
      if (!owner) return renderLinkGone(res, 'password-reset')
      const password: unknown = req.body.password
      const problem = passwordProblem(password, owner)
      if (problem !== null || typeof password !== 'string') return renderReset(deps, req, res, owner, problem)
      const origin = originOf(req)
      const outcome = await resetPassword(deps, hashToken(req.params.token), password, origin)
      if (outcome === 'gone') return renderLinkGone(res, 'password-reset')
      if (outcome === 'same') return renderReset(deps, req, res, owner, SAME_PASSWORD)
      // Else a stranger who locks the password again keeps the owner out: setting it has made every browser unknown.
      const owned = { userId: owner.id, epoch: owner.sessionEpoch + 1 }
      await rememberBrowser(deps, req, res, owned, origin)
      leaveNotice(res, 'password-changed')
      res.redirect(303, '/sign-in')
    }),
  )

  return routes
}

function renderForgotProblem(req: Request, res: Response): void {
  const email: unknown = req.body.email
  res.status(422).render('sign-in/forgot-password', {
    email: typeof email === 'string' ? email : '',
    sent: false,
    problem: 'Enter the e-mail address you sign in with.',
  })
}

async function renderReset(
  { db }: Deps,
  req: Request,
  res: Response,
  { email, clientId }: { email: string; clientId: string },
  problem: string | null = null,
): Promise<void> {
  setHelp(res, await readBranding(db, clientId))
  const status = problem === null ? 200 : 422
  res.status(status).render('sign-in/reset-password', { email, action: req.path, problem })
}
