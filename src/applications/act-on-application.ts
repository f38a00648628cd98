import type { ActRequest } from '../access/act-request.ts'
import type { DeskEvidence } from '../access/evidence.ts'
import { judgeActor, refuseUnknown } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import type { Refusal } from '../access/refusals.ts'
import type { Actor } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { applications } from '../platform/db/schema/applications.ts'
import type { ApplicationProblems } from './application-form.ts'
import { applicationById } from './applications.queries.ts'

export type ApplicationRequest = ActRequest & { applicationId: string }
export type ApplicationRow = typeof applications.$inferSelect
export type ApplicationOutcome<Done = object> = Outcome<Done, { problems: ApplicationProblems }>

/** What an act has to go by, after the locks and the judgement. */
export interface Acting {
  application: ApplicationRow
  form: Record<string, unknown>
  actorId: string
  now: Date
}

type CarriedOut<Done> =
  | { problems: ApplicationProblems }
  | { refusal: Refusal }
  /** `details` and `evidence` are for the audit log. */
  | { evidence: DeskEvidence; details: Record<string, unknown>; done: Done }

interface ApplicationAct<Done> {
  action: AuditAction
  rule: (actor: Actor, application: { disabled: boolean }) => Refusal | null
  carryOut: (tx: Transaction, acting: Acting) => Promise<CarriedOut<Done>>
}

/** An act of the Service Desk on an application: locks it and the actor, judges, carries out, records. */
export function actOnApplication<Done = object>(
  deps: Deps,
  { actor, applicationId, form, origin }: ApplicationRequest,
  { action, rule, carryOut }: ApplicationAct<Done>,
): Promise<ApplicationOutcome<Done>> {
  return deps.db.transaction(async (tx): Promise<ApplicationOutcome<Done>> => {
    const [application] = await applicationById(tx, applicationId).for('no key update')
    if (!application) return refuseUnknown(deps, tx, { actor, action, origin, asked: applicationId })
    const disabled = application.disabledAt !== null
    const verdict = await judgeActor(deps, tx, { actor, action, origin }, (by) => rule(by, { disabled }))
    if (!verdict.ok) return verdict

    const { person, now } = verdict
    const outcome = await carryOut(tx, { application, form, actorId: person.id, now })
    if ('problems' in outcome) return { ok: false, refusal: null, problems: outcome.problems }
    if ('refusal' in outcome) return verdict.refuse(outcome.refusal)
    await record(tx, {
      at: now,
      action,
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: null,
      details: {
        application: application.name,
        applicationId: application.id,
        ...outcome.details,
        ...outcome.evidence,
      },
    })
    return { ok: true, ...outcome.done }
  })
}
