import { eq } from 'drizzle-orm'
import { deskEvidence } from '../access/evidence.ts'
import { mayRenameClient } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { actOnClient, type ClientOutcome, type ClientRequest } from './act-on-client.ts'
import { clientName, NAME_TAKEN, nameIsTaken } from './client-name.ts'

const form = deskEvidence.extend({ name: clientName })

export function renameClient(deps: Deps, request: ClientRequest): Promise<ClientOutcome> {
  return actOnClient(deps, request, {
    action: 'client.renamed',
    rule: mayRenameClient,
    form,
    carryOut: async (tx, { id, name: from, parentId }, { name: to }) => {
      if (await nameIsTaken(tx, { name: to, parentId, except: id })) return { problems: { name: NAME_TAKEN } }
      await tx.update(clients).set({ name: to }).where(eq(clients.id, id))
      return { details: { from, to } }
    },
  })
}
