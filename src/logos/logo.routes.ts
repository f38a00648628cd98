import { type Request, type RequestHandler, type Response, Router } from 'express'
import { actRequestOf } from '../access/act-request.ts'
import { actorOf } from '../access/people.ts'
import { answer, refuse } from '../access/refuse.ts'
import { requireStepUp } from '../access/require-step-up.ts'
import { maySetClientDetails } from '../access/rules.ts'
import { viewAccount, visitOf } from '../access/visit.ts'
import type { ClientProblems } from '../clients/act-on-client.ts'
import { goOnAfter } from '../clients/client-notice.ts'
import type { Deps } from '../deps.ts'
import { readBranding } from '../gate/branding.queries.ts'
import { personOf } from '../gate/gate.ts'
import { readForm } from '../platform/http/form.ts'
import { typedFields } from '../platform/http/typed-text.ts'
import { NOTHING_UPLOADED, readUpload, type Upload } from '../platform/http/upload.ts'
import { readLogoOf } from './logos.queries.ts'
import { publishLogo } from './publish-logo.ts'
import { TOO_LARGE } from './read-logo.ts'
import { removeLogo } from './remove-logo.ts'
import { sendLogo } from './send-logo.ts'
import { uploadLogo } from './upload-logo.ts'

const PAGE = '/clients/:id/logo'

const ACTS = [
  {
    path: 'publish',
    act: publishLogo,
    done: 'client-logo-changed',
    does: 'change the logo of a client account',
  },
  {
    path: 'remove',
    act: removeLogo,
    done: 'client-logo-removed',
    does: 'remove the logo of a client account',
  },
] as const

/**
 * Uploads a logo, looks at it, publishes and removes it. An upload asks for no step-up: a form with a file cannot be kept
 * meanwhile.
 */
export function logoRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get(PAGE, (req, res) => renderLogo(deps, req, res))
  routes.get(`${PAGE}/draft`, (req, res) => sendDraft(deps, req, res))

  routes.post(PAGE, readUploadOfDesk, async (req, res) => {
    const clientId = String(req.params.id)
    const { bytes, tooLarge }: Upload = req.body
    if (tooLarge) return renderLogo(deps, req, res, { file: TOO_LARGE }, 413)
    await answer(res, await uploadLogo(deps, { ...actRequestOf(req), clientId, bytes }), {
      done: () => res.redirect(303, `/clients/${clientId}/logo`),
      again: ({ problem }) => renderLogo(deps, req, res, { file: problem }, 422),
    })
  })

  for (const { path, act, done, does } of ACTS) {
    const stepUp = requireStepUp(deps, { act: does })
    routes.post(`${PAGE}/${path}`, readForm, stepUp, async (req, res) => {
      const clientId = String(req.params.id)
      await answer(res, await act(deps, { ...actRequestOf(req), clientId }), {
        done: () => goOnAfter(res, done, clientId),
        again: ({ problems }) => renderLogo(deps, req, res, problems, 422),
      })
    })
  }

  return routes
}

/** The upload of others is not read. `uploadLogo` refuses and records it. */
const readUploadOfDesk: RequestHandler = (req, res, next) => {
  if (actorOf(personOf(res)).isServiceDesk) return readUpload(req, res, next)
  req.body = NOTHING_UPLOADED
  next()
}

async function renderLogo(
  deps: Deps,
  req: Request,
  res: Response,
  problems: ClientProblems & { file?: string } = {},
  status = 200,
): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), String(req.params.id), maySetClientDetails)
  if (!view.ok) return refuse(res, view.refusal)

  const { account } = view
  const { logo } = await readBranding(deps.db, account.id)
  const draft = await readLogoOf(deps.db, account.id, 'draft')
  const page = `/clients/${account.id}/logo`
  const { width, height, hash = '' } = draft ?? {}
  const body = 'bytes' in (req.body ?? {}) ? {} : req.body
  res.status(status).render('logos/logo', {
    account,
    page,
    shown: logo?.isOwn ? logo : null,
    // The hash keeps a browser from showing a draft before this one.
    draft: draft && { src: `${page}/draft?${hash}`, alt: `Draft for ${account.name}`, width, height },
    draftHash: hash,
    typed: typedFields(body, ['ticket', 'reason']),
    removing: req.path.endsWith('/remove'),
    problems,
  })
}

async function sendDraft(deps: Deps, req: Request, res: Response): Promise<void> {
  const view = await viewAccount(deps, visitOf(req, res), String(req.params.id), maySetClientDetails)
  if (!view.ok) return refuse(res, view.refusal)
  const draft = await readLogoOf(deps.db, view.account.id, 'draft')
  if (!draft) return refuse(res, 'unknown')
  sendLogo(req, res, draft, 'no-store')
}
