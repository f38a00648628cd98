import { sql } from 'drizzle-orm'
import { eventSentence } from '../audit-log/event-sentence.ts'
import { readEvents } from '../audit-log/events.queries.ts'
import { hideForeignNames, type LogViewer } from '../audit-log/foreign-names.queries.ts'
import { AUDIT_ACTIONS, type AuditAction } from '../platform/audit/actions.ts'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'

const SHOWN = 8

/** Everyday events, and events that only follow from another that is shown. */
const ROUTINE: readonly AuditAction[] = [
  'sign-in.password',
  'sign-in.code',
  'sign-in.completed',
  'sign-out',
  'presence',
  'access',
  'lockout.ended',
  'authenticator.enrolment-begun',
  'mfa-reset.completed',
  'password.reset-requested',
  'session.ended',
]

const NOTABLE: readonly AuditAction[] = AUDIT_ACTIONS.filter((action) => !ROUTINE.includes(action))

export async function readNotableEvents(db: Reader, viewer: LogViewer) {
  // Reads the newest of each action and outcome from their index: the cost does not grow with the log.
  const shown = sql.raw(String(SHOWN))
  const newest = sql`(
    select newest.id from unnest(string_to_array(${NOTABLE.join(',')}, ',')) as notable(action)
    cross join unnest(enum_range(null::audit_outcome)) as ended(outcome)
    cross join lateral (
      select e.at, e.id from audit_events e
      where e.client_id = ${viewer.clientId} and e.action = notable.action and e.outcome = ended.outcome
      order by e.at desc, e.id desc limit ${shown}
    ) newest
    order by newest.at desc, newest.id desc limit ${shown}
  )`
  const events = await readEvents(db, sql`${auditEvents.id} = any(array${newest})`, SHOWN)
  const named = await hideForeignNames(db, viewer, events)
  return named.map((event) => ({ at: event.at, outcome: event.outcome, sentence: eventSentence(event) }))
}
