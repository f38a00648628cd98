import { type Request, type Response, Router } from 'express'
import type { Deps } from '../deps.ts'
import { readBranding } from '../gate/branding.queries.ts'
import type { Person } from '../gate/facts.ts'
import { mfaRequired } from '../gate/mfa-required.ts'
import { setHelp } from '../gate/show-help.ts'
import { proceed } from '../mfa/proceed.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { readForm } from '../platform/http/form.ts'
import { originOf } from '../platform/http/origin.ts'
import { renderLinkGone } from '../sign-in/link-gone.ts'
import { admit } from '../sign-in/password-hash.ts'
import { passwordProblem } from '../sign-in/password-rules.ts'
import { acceptInvitation } from './accept-invitation.ts'
import { invitedPerson } from './invited-person.queries.ts'

export function activateRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/activate/:token', async (req, res) => {
    const person = await invitedPerson(deps, deps.db, hashToken(req.params.token))
    if (!person) return renderLinkGone(res, 'invitation')
    if (person.clientSuspended) return renderSuspended(deps, res, person)
    await renderActivate(deps, req, res, person)
  })

  routes.post('/activate/:token', readForm, (req, res) =>
    admit(async () => {
      const invited = await invitedPerson(deps, deps.db, hashToken(req.params.token))
      if (!invited) return renderLinkGone(res, 'invitation')
      if (invited.clientSuspended) return renderSuspended(deps, res, invited)
      const password: unknown = req.body.password
      const problem = passwordProblem(password, invited)
      if (problem !== null || typeof password !== 'string')
        return renderActivate(deps, req, res, invited, problem)

      const person = await acceptInvitation(deps, hashToken(req.params.token), password, originOf(req))
      if (!person) return renderLinkGone(res, 'invitation')
      const { id: userId, sessionEpoch: epoch } = person
      const proofs = { userId, epoch, passwordAt: deps.clock.now().getTime() }
      await proceed(req, res, deps, person, proofs)
    }),
  )

  return routes
}

/** The link is right, so the page says why it does not open. It works again once the account is resumed. */
async function renderSuspended({ db }: Deps, res: Response, { clientName, clientId }: Person): Promise<void> {
  setHelp(res, await readBranding(db, clientId))
  res.status(410).render('invitations/suspended', { clientName })
}

async function renderActivate(
  { db, clock }: Deps,
  req: Request,
  res: Response,
  person: Person,
  problem: string | null = null,
): Promise<void> {
  setHelp(res, await readBranding(db, person.clientId))
  res.status(problem === null ? 200 : 422).render('invitations/activate', {
    name: person.name,
    email: person.email,
    clientName: person.clientName,
    mfaRequired: mfaRequired(person, clock.now()),
    action: req.path,
    problem,
  })
}
