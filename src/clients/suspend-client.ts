import { eq } from 'drizzle-orm'
import { deskEvidence } from '../access/evidence.ts'
import { maySuspendClient } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { endSessionsOfClient } from '../gate/end-sessions-of-client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { actOnClient, type ClientOutcome, type ClientRequest } from './act-on-client.ts'

/** The gate asks the account, so no session is alive. A job deletes those of further people. */
const AT_ONCE = 200

/** Suspends a client account and ends its sessions. The accounts below it stay active. */
export function suspendClient(deps: Deps, request: ClientRequest): Promise<ClientOutcome> {
  return actOnClient(deps, request, {
    action: 'client.suspended',
    mail: 'client-suspended',
    rule: maySuspendClient,
    form: deskEvidence,
    carryOut: async (tx, { id }, _typed, now) => {
      await tx.update(clients).set({ suspendedAt: now }).where(eq(clients.id, id))
      const ended = await endSessionsOfClient(tx, id, now, AT_ONCE)
      await enqueue(tx, 'end-grants', { of: 'client', id })
      return { details: { peopleSignedOut: ended < AT_ONCE ? ended : `${AT_ONCE} or more` } }
    },
  })
}
