import { eq } from 'drizzle-orm'
import { mayRunApplications } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { applicationSecrets } from '../platform/db/schema/applications.ts'
import { type ApplicationOutcome, type ApplicationRequest, actOnApplication } from './act-on-application.ts'
import { readValidSecrets } from './applications.queries.ts'
import { readDeskEvidence } from './read-desk-evidence.ts'

/** Ends a client secret at once. */
export function endSecret(
  deps: Deps,
  { secretId, ...request }: ApplicationRequest & { secretId: string },
): Promise<ApplicationOutcome> {
  return actOnApplication(deps, request, {
    action: 'application.secret-ended',
    rule: mayRunApplications,
    carryOut: async (tx, { application, form, now }) => {
      const valid = await readValidSecrets(tx, application.id, now)
      const secret = valid.find(({ id }) => id === secretId)
      if (!secret) return { refusal: 'secret-ended' }
      const read = readDeskEvidence(form)
      if ('problems' in read) return read
      await tx.update(applicationSecrets).set({ expiresAt: now }).where(eq(applicationSecrets.id, secret.id))
      return { ...read, details: { secretId: secret.id, left: valid.length - 1 }, done: {} }
    },
  })
}
