import { eq } from 'drizzle-orm'
import { deskEvidence } from '../access/evidence.ts'
import { mayResumeClient } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { endSessionsOfClient } from '../gate/end-sessions-of-client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { actOnClient, type ClientOutcome, type ClientRequest } from './act-on-client.ts'

export function resumeClient(deps: Deps, request: ClientRequest): Promise<ClientOutcome> {
  return actOnClient(deps, request, {
    action: 'client.resumed',
    mail: 'client-resumed',
    rule: mayResumeClient,
    form: deskEvidence,
    carryOut: async (tx, { id }, _typed, now) => {
      // A sign-in under way during the suspension may have left a session. It must not become valid now.
      await endSessionsOfClient(tx, id, now)
      await tx.update(clients).set({ suspendedAt: null }).where(eq(clients.id, id))
      return { details: {} }
    },
  })
}
