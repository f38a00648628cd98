import { eq } from 'drizzle-orm'
import { mayEnableApplication } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { type ApplicationOutcome, type ApplicationRequest, actOnApplication } from './act-on-application.ts'
import { readDeskEvidence } from './read-desk-evidence.ts'

/** People may enter again, by the same rules as before. */
export function enableApplication(deps: Deps, request: ApplicationRequest): Promise<ApplicationOutcome> {
  return actOnApplication(deps, request, {
    action: 'application.enabled',
    rule: mayEnableApplication,
    carryOut: async (tx, { application: { id }, form }) => {
      const read = readDeskEvidence(form)
      if ('problems' in read) return read
      await tx.update(applications).set({ disabledAt: null }).where(eq(applications.id, id))
      return { ...read, details: {}, done: {} }
    },
  })
}
