import { eq } from 'drizzle-orm'
import { mayDisableApplication } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { type ApplicationOutcome, type ApplicationRequest, actOnApplication } from './act-on-application.ts'
import { readDeskEvidence } from './read-desk-evidence.ts'

/** No person may enter the application any more. Its grants end; its secrets and settings stay. */
export function disableApplication(deps: Deps, request: ApplicationRequest): Promise<ApplicationOutcome> {
  return actOnApplication(deps, request, {
    action: 'application.disabled',
    rule: mayDisableApplication,
    carryOut: async (tx, { application: { id }, form, now }) => {
      const read = readDeskEvidence(form)
      if ('problems' in read) return read
      await tx.update(applications).set({ disabledAt: now }).where(eq(applications.id, id))
      await enqueue(tx, 'end-grants', { of: 'application', id })
      return { ...read, details: {}, done: {} }
    },
  })
}
