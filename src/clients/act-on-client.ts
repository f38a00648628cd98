import type { z } from 'zod'
import type { Account } from '../access/accounts.queries.ts'
import type { ActRequest } from '../access/act-request.ts'
import { administratorsOf, adminsOf } from '../access/admins.queries.ts'
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
import type { NotificationFacts } from '../platform/mail/kinds.ts'
import { notifyAll } from '../platform/mail/notify.ts'
import { NAME_MISSING } from './client-name.ts'
import { SUPPORT_FIELDS, SUPPORT_PROBLEMS } from './support-fields.ts'

export type ClientRequest = ActRequest & { clientId: string }

const FIELDS = ['name', ...SUPPORT_FIELDS, 'timeZone', 'logo', 'ticket', 'reason'] as const

export type ClientProblems = Partial<Record<(typeof FIELDS)[number], string>>

export type ClientOutcome = Outcome<object, { problems: ClientProblems }>

interface ClientAct<Typed extends DeskEvidence> {
  action: AuditAction
  mail?: 'client-suspended' | 'client-resumed'
  /** What of the platform all people see. All who administer the platform are mailed about it. */
  shows?: NotificationFacts['platform-changed']['what']
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

/** The draft is no longer the one that was looked at. */
export const LOGO_CHANGED = 'Another logo was uploaded meanwhile. Look at it before you show it.'

const MESSAGES = {
  name: NAME_MISSING,
  ...SUPPORT_PROBLEMS,
  timeZone: 'Choose a time zone from the list.',
  logo: LOGO_CHANGED,
  ...EVIDENCE_PROBLEMS,
} as const

export function actOnClient<Typed extends DeskEvidence>(
  deps: Deps,
  { actor, clientId, form, origin }: ClientRequest,
  { action, mail, shows, rule, ...act }: ClientAct<Typed>,
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
    if (shows && verdict.account.isPlatform) await tellOfPlatform(tx, clientId, eventId, shows)
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

/** One agent alone could lead everyone who signs in to a phone or a page of their own. The others see it at once. */
async function tellOfPlatform(
  tx: Transaction,
  clientId: string,
  eventId: string,
  what: NotificationFacts['platform-changed']['what'],
): Promise<void> {
  const administrators = await administratorsOf(tx, clientId)
  await notifyAll(
    tx,
    administrators.map(
      (to) => ({ to, kind: 'platform-changed', eventId, facts: { what, clientId } }) as const,
    ),
  )
}

function problemsOf(error: z.ZodError): ClientProblems {
  const wrong = wrongFields(error, FIELDS)
  return Object.fromEntries(wrong.map((field) => [field, MESSAGES[field]]))
}
