import { eq } from 'drizzle-orm'
import { deskEvidence } from '../access/evidence.ts'
import { maySuspendClient } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { endSessionsOfClient } from '../gate/end-sessions-of-client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { actOnClient, type ClientOutcome, type ClientRequest } from './act-on-client.ts'

/** Suspends a client account and ends its sessions. The accounts below it stay active. */
export function suspendClient(deps: Deps, request: ClientRequest): Promise<ClientOutcome> {
  return actOnClient(deps, request, {
    action: 'client.suspended',
    mail: 'client-suspended',
    rule: maySuspendClient,
    form: deskEvidence,
    carryOut: async (tx, { id }, _typed, now) => {
      await tx.update(clients).set({ suspendedAt: now }).where(eq(clients.id, id))
      return { details: { peopleSignedOut: await endSessionsOfClient(tx, id, now) } }
    },
  })
}
