import { eq } from 'drizzle-orm'
import { deskEvidence } from '../access/evidence.ts'
import { maySetClientDetails } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { actOnClient, type ClientOutcome, type ClientRequest } from './act-on-client.ts'
import { supportLink, supportPhone, supportText } from './support-fields.ts'

const form = deskEvidence.extend({ supportText, supportLink, supportPhone })

/** Sets the support contact that gate pages and mails show to the people of an account. Empty fields remove it. */
export function setSupport(deps: Deps, request: ClientRequest): Promise<ClientOutcome> {
  return actOnClient(deps, request, {
    action: 'client.support-changed',
    shows: 'support-contact',
    rule: maySetClientDetails,
    form,
    carryOut: async (tx, { id }, typed) => {
      const support = {
        supportText: typed.supportText || null,
        supportLink: typed.supportLink || null,
        supportPhone: typed.supportPhone || null,
      }
      await tx.update(clients).set(support).where(eq(clients.id, id))
      return { details: support }
    },
  })
}
