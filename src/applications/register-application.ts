import { v7 as uuidv7 } from 'uuid'
import type { ActRequest } from '../access/act-request.ts'
import { judgeActor } from '../access/judge.ts'
import { readRoleGroups } from '../access/role-groups.queries.ts'
import { mayRunApplications } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { record } from '../platform/audit/record.ts'
import { applications } from '../platform/db/schema/applications.ts'
import type { ApplicationOutcome } from './act-on-application.ts'
import { addSecret } from './add-secret.ts'
import { readApplicationForm, type Way } from './application-form.ts'
import { findTaken, saveRoleGroups } from './save-facts.ts'
import { usesSecrets } from './uses-secrets.ts'

export interface Registered {
  application: { id: string; name: string; everyClient: boolean }
  /** Null: the application needs none. */
  secret: string | null
}

/** Registers an application, and makes its first client secret if it uses one. */
export function registerApplication(
  deps: Deps,
  { way, ...request }: ActRequest & { way: Way },
): Promise<ApplicationOutcome<Registered>> {
  return deps.db.transaction(async (tx): Promise<ApplicationOutcome<Registered>> => {
    const action = 'application.registered'
    const verdict = await judgeActor(deps, tx, { ...request, action }, mayRunApplications)
    if (!verdict.ok) return verdict
    const { person, now } = verdict
    const roleGroupKeys = (await readRoleGroups(tx)).map(({ key }) => key)
    const read = readApplicationForm(request.form, {
      way,
      publicUrl: deps.config.PUBLIC_URL,
      roleGroupKeys,
    })
    if (!read.ok) return { ok: false, refusal: null, problems: read.problems }
    const { roleGroups, ...facts } = read.facts
    const problems = await findTaken(tx, facts)
    if (problems) return { ok: false, refusal: null, problems }

    const application = { id: uuidv7(), way, ...facts, createdAt: now, createdBy: person.id }
    await tx.insert(applications).values(application)
    await saveRoleGroups(tx, application.id, roleGroups)
    const secret = usesSecrets(application)
      ? await addSecret(tx, { applicationId: application.id, createdBy: person.id, now })
      : null
    const { name, address, everyClient, requiresMfa } = facts
    await record(tx, {
      at: now,
      action,
      outcome: 'success',
      origin: request.origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: null,
      details: {
        application: name,
        applicationId: application.id,
        way,
        address,
        everyClient,
        roleGroups,
        requiresMfa,
        ...read.evidence,
      },
    })
    return { ok: true, application, secret }
  })
}
