import { z } from 'zod'
import { deskEvidence } from '../access/evidence.ts'
import { maySetClientDetails } from '../access/rules.ts'
import {
  actOnClient,
  type ClientOutcome,
  type ClientRequest,
  LOGO_CHANGED,
} from '../clients/act-on-client.ts'
import type { Deps } from '../deps.ts'
import { clientLogos } from '../platform/db/schema/client-logos.ts'
import { logoOf, readLogoOf } from './logos.queries.ts'

/** `logo`: the hash of the draft that the agent has looked at. */
const form = deskEvidence.extend({ logo: z.string() })

/** Shows the draft to all from now on, in place of the logo before. */
export function publishLogo(deps: Deps, request: ClientRequest): Promise<ClientOutcome> {
  return actOnClient(deps, request, {
    action: 'client.logo-changed',
    shows: 'logo',
    rule: maySetClientDetails,
    form,
    carryOut: async (tx, { id }, { logo }) => {
      const draft = await readLogoOf(tx, id, 'draft')
      if (draft?.hash !== logo) return { problems: { logo: LOGO_CHANGED } }
      const replaced = await readLogoOf(tx, id, 'public')
      await tx.delete(clientLogos).where(logoOf(id, 'public'))
      await tx.update(clientLogos).set({ state: 'public' }).where(logoOf(id, 'draft'))
      return { details: { logo, before: replaced?.hash ?? null } }
    },
  })
}
