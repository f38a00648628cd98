import { eq } from 'drizzle-orm'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayRunApplications } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { passCodes, passes } from '../platform/db/schema/passes.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { type ApplicationOutcome, type ApplicationRequest, actOnApplication } from './act-on-application.ts'
import { applicationChanges, changesEntry } from './application-changes.ts'
import { readApplicationForm } from './application-form.ts'
import { readAdmittedKeys } from './applications.queries.ts'
import { endSecrets } from './end-secrets.ts'
import { findTaken, saveRoleGroups } from './save-facts.ts'
import { usesSecrets } from './uses-secrets.ts'

/** Changes an application; its way in stays. Grants of people who may no longer enter end. */
export function changeApplication(deps: Deps, request: ApplicationRequest): Promise<ApplicationOutcome> {
  return actOnApplication(deps, request, {
    action: 'application.changed',
    rule: mayRunApplications,
    carryOut: async (tx, { application, form, now }) => {
      const { id, way } = application
      const roleGroupKeys = (await readRoleGroups(tx)).map(({ key }) => key)
      const read = readApplicationForm(form, { way, publicUrl: deps.config.PUBLIC_URL, roleGroupKeys })
      if (!read.ok) return read
      const problems = await findTaken(tx, read.facts, id)
      if (problems) return { problems }

      const before = { ...application, roleGroups: await readAdmittedKeys(tx, id) }
      const { roleGroups, ...facts } = read.facts
      const changes = applicationChanges(before, read.facts)
      await tx.update(applications).set(facts).where(eq(applications.id, id))
      await saveRoleGroups(tx, id, roleGroups)
      if (usesSecrets(application) && !usesSecrets({ way, ...facts })) await endSecrets(tx, id, now)
      if ('host' in changes) await deletePasses(tx, id)
      if (changesEntry(changes)) await enqueue(tx, 'end-grants', { of: 'application', id })
      return { evidence: read.evidence, details: { changes }, done: {} }
    },
  })
}

/** Browsers go on sending them to the old host. An application that is registered there next could replay them. */
async function deletePasses(tx: Transaction, applicationId: string): Promise<void> {
  await tx.delete(passCodes).where(eq(passCodes.applicationId, applicationId))
  await tx.delete(passes).where(eq(passes.applicationId, applicationId))
}
