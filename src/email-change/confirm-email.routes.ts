import { Router } from 'express'
import type { Deps } from '../deps.ts'
import { showHelp } from '../gate/show-help.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { readForm } from '../platform/http/form.ts'
import { leaveNotice } from '../platform/http/notice.ts'
import { originOf } from '../platform/http/origin.ts'
import { renderLinkGone } from '../sign-in/link-gone.ts'
import { confirmEmailChange } from './confirm-email-change.ts'
import { emailChangeOfLink } from './email-changes.queries.ts'

const PAGE = '/confirm-email/:token'

/** The person who opens the link need not be signed in, and is not signed in by it. */
export function confirmEmailRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })
  routes.use(PAGE, showHelp(deps))

  routes.get(PAGE, async (req, res) => {
    const change = await emailChangeOfLink(deps, deps.db, hashToken(req.params.token))
    if (!change) return renderLinkGone(res, 'email-change')
    // Not the old address: the mail may have reached a stranger.
    const { clientName, newEmail } = change
    res.render('email-change/confirm', { clientName, newEmail, action: req.path })
  })

  routes.post(PAGE, readForm, async (req, res) => {
    const outcome = await confirmEmailChange(deps, hashToken(String(req.params.token)), originOf(req))
    if (outcome === 'gone') return renderLinkGone(res, 'email-change')
    if (outcome === 'taken') {
      res.status(409).render('email-change/taken')
      return
    }
    leaveNotice(res, 'email-changed')
    res.redirect(303, '/sign-in')
  })

  return routes
}
