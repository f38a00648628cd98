import type { z } from 'zod'
import type { Account } from '../access/accounts.queries.ts'
import type { ActRequest } from '../access/act-request.ts'
import { adminsOf } from '../access/admins.queries.ts'
import { type DeskEvidence, EVIDENCE_PROBLEMS } from '../access/evidence.ts'
import { judgeAccount } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import type { Refusal } from '../access/refusals.ts'
import type { AccountTarget, Actor } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import { record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { wrongFields } from '../platform/http/typed-text.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { NAME_MISSING } from './client-name.ts'
import { SUPPORT_FIELDS, SUPPORT_PROBLEMS } from './support-fields.ts'

export type ClientRequest = ActRequest & { clientId: string }

const FIELDS = ['name', ...SUPPORT_FIELDS, 'ticket', 'reason'] as const

export type ClientProblems = Partial<Record<(typeof FIELDS)[number], string>>

export type ClientOutcome = Outcome<object, { problems: ClientProblems }>

interface ClientAct<Typed extends DeskEvidence> {
  action: AuditAction
  mail?: 'client-suspended' | 'client-resumed'
  rule: (actor: Actor, account: AccountTarget) => Refusal | null
  form: z.ZodType<Typed>
  /** Returns the details for the audit log, without ticket and reason. */
  carryOut: (
    tx: Transaction,
    account: Account,
    typed: Typed,
    now: Date,
  ) => Promise<{ details: Record<string, unknown> } | { problems: ClientProblems }>
}

const MESSAGES = { name: NAME_MISSING, ...SUPPORT_PROBLEMS, ...EVIDENCE_PROBLEMS } as const

export function actOnClient<Typed extends DeskEvidence>(
  deps: Deps,
  { actor, clientId, form, origin }: ClientRequest,
  { action, mail, rule, ...act }: ClientAct<Typed>,
): Promise<ClientOutcome> {
  return deps.db.transaction(async (tx): Promise<ClientOutcome> => {
    const verdict = await judgeAccount(deps, tx, { actor, clientId, action, origin }, rule)
    if (!verdict.ok) return verdict
    const typed = act.form.safeParse(form)
    if (!typed.success) return { ok: false, refusal: null, problems: problemsOf(typed.error) }

    const done = await act.carryOut(tx, verdict.account, typed.data, verdict.now)
    if ('problems' in done) return { ok: false, refusal: null, problems: done.problems }
    const { ticket, reason } = typed.data
    const eventId = await record(tx, {
      // The time after the locks on the people of the account, which suspending and resuming take.
      at: deps.clock.now(),
      action,
      outcome: 'success',
      origin,
      clientId,
      actorId: actor.userId,
      subjectId: null,
      details: { ...done.details, ticket, reason },
    })
    if (mail) {
      const admins = await adminsOf(tx, clientId)
      await notifyAll(
        tx,
        admins.map((to) => ({ to, kind: mail, eventId, facts: {} })),
      )
    }
    return { ok: true }
  })
}

function problemsOf(error: z.ZodError): ClientProblems {
  const wrong = wrongFields(error, FIELDS)
  return Object.fromEntries(wrong.map((field) => [field, MESSAGES[field]]))
}
