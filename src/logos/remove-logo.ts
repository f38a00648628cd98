import { eq } from 'drizzle-orm'
import { deskEvidence } from '../access/evidence.ts'
import { maySetClientDetails } from '../access/rules.ts'
import { actOnClient, type ClientOutcome, type ClientRequest } from '../clients/act-on-client.ts'
import type { Deps } from '../deps.ts'
import { clientLogos } from '../platform/db/schema/client-logos.ts'

const NO_LOGO = 'The account has no logo to remove.'

/** Removes the logo of an account, and a draft of one. Its people see that of the platform, if there is one. */
export function removeLogo(deps: Deps, request: ClientRequest): Promise<ClientOutcome> {
  return actOnClient(deps, request, {
    action: 'client.logo-removed',
    shows: 'logo',
    rule: maySetClientDetails,
    form: deskEvidence,
    carryOut: async (tx, { id }) => {
      const removed = await tx
        .delete(clientLogos)
        .where(eq(clientLogos.clientId, id))
        .returning({ hash: clientLogos.hash, state: clientLogos.state })
      if (removed.length === 0) return { problems: { logo: NO_LOGO } }
      const before = removed.find(({ state }) => state === 'public')?.hash ?? null
      return { details: { before } }
    },
  })
}
