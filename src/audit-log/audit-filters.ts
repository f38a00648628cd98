// The filters of the audit log, read from its address. Empty means all. Pure.
import { Temporal } from 'temporal-polyfill'
import { validate as isUuid } from 'uuid'
import { AUDIT_ACTIONS, type AuditAction, type EventOutcome, OUTCOMES } from '../platform/audit/actions.ts'
import { cursor, lastSaid, SHORTEST_TERM, searchTerm } from '../platform/http/list-query.ts'
import { readMoment } from '../platform/time/moment.ts'

const FIELDS = ['q', 'person', 'below', 'action', 'outcome', 'actor', 'from', 'to'] as const
export type FilterField = (typeof FIELDS)[number]
export type TypedFilters = Record<FilterField, string>

export interface AuditFilters {
  q: string
  /** The id of one person, or empty. */
  person: string
  /** Also the accounts below. */
  below: boolean
  action: AuditAction | ''
  outcome: EventOutcome | ''
  actor: string
  from: Date | null
  /** Exclusive. */
  until: Date | null
  after: string
}

export interface ReadFilters {
  typed: TypedFilters
  problems: Partial<Record<FilterField, string>>
  /** Null if there is a problem: a search with a filter left out would mislead. */
  filters: AuditFilters | null
}

const LONGEST_ADDRESS = 254

/** Also for a person whom the viewer may not see. */
export const NO_PERSON = 'There is no such person.'

/** Days are those of `timeZone`. */
export function readAuditFilters(query: Record<string, unknown>, timeZone: string): ReadFilters {
  const typed = Object.fromEntries(FIELDS.map((field) => [field, lastSaid(query[field])])) as TypedFilters
  typed.q = searchTerm.parse(typed.q)
  const problems: ReadFilters['problems'] = {}

  if (typed.q !== '' && typed.q.length < SHORTEST_TERM)
    problems.q = 'Write at least three characters of a name or an e-mail address.'
  if (typed.person !== '' && !isUuid(typed.person)) problems.person = NO_PERSON
  if (typed.person !== '' && typed.q !== '')
    problems.q = 'Only the events of one person are shown. Leave this empty.'
  if (typed.below !== '' && typed.below !== 'yes')
    problems.below = 'Choose this account alone, or also those below.'
  const action = AUDIT_ACTIONS.find((known) => known === typed.action) ?? ''
  if (typed.action !== '' && action === '')
    problems.action = 'There is no such event. Choose one of the list.'
  const outcome = OUTCOMES.find((known) => known === typed.outcome) ?? ''
  if (typed.outcome !== '' && outcome === '')
    problems.outcome = 'There is no such outcome. Choose one of the list.'
  if (typed.actor !== '' && !isUuid(typed.actor) && !looksLikeAddress(typed.actor))
    problems.actor = 'Enter a person’s complete e-mail address, or their id.'
  const from = readMoment(typed.from, timeZone)
  const to = readMoment(typed.to, timeZone)
  if (typed.from !== '' && !from) problems.from = notAMoment
  if (typed.to !== '' && !to) problems.to = notAMoment
  if (from && to && to.end <= from.start) problems.to = 'This is before the beginning. Choose a later end.'

  const { q, person, actor } = typed
  const below = typed.below === 'yes'
  const range = { from: from?.start ?? null, until: to?.end ?? null }
  const isSound = Object.keys(problems).length === 0
  const filters = {
    q,
    person,
    below,
    action,
    outcome,
    actor,
    ...range,
    after: cursor.parse(query.after),
  } as const
  return { typed, problems, filters: isSound ? filters : null }
}

const notAMoment = 'Write a date such as 2026-11-24, or a date and a time such as 2026-11-24T08:15.'

function looksLikeAddress(text: string): boolean {
  return text.length <= LONGEST_ADDRESS && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(text)
}

const RECENT = [
  ['Today', 1],
  ['Last 7 days', 7],
  ['Last 30 days', 30],
] as const

/** The first days of usual stretches of time that end today, in `timeZone`. */
export function recentDays(now: Date, timeZone: string): { label: string; from: string }[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
  return RECENT.map(([label, days]) => ({ label, from: today.subtract({ days: days - 1 }).toString() }))
}
