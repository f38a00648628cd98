import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { deskEvidence } from '../access/evidence.ts'
import { maySetClientDetails } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { isTimeZone } from '../platform/time/time-zones.ts'
import { actOnClient, type ClientOutcome, type ClientRequest } from './act-on-client.ts'

const form = deskEvidence.extend({ timeZone: z.literal('').or(z.string().refine(isTimeZone)) })

/** Sets the time zone in which mails to the people of an account give times. Empty: as the platform's mails do. */
export function setTimeZone(deps: Deps, request: ClientRequest): Promise<ClientOutcome> {
  return actOnClient(deps, request, {
    action: 'client.time-zone-changed',
    rule: maySetClientDetails,
    form,
    carryOut: async (tx, { id }, typed) => {
      const timeZone = typed.timeZone || null
      await tx.update(clients).set({ timeZone }).where(eq(clients.id, id))
      return { details: { timeZone } }
    },
  })
}
