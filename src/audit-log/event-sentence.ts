// An audit event as a sentence. Pure.
import { refusalNamed } from '../access/refusals.ts'
import { roleGroupName } from '../access/role-group-name.ts'
import type { AuditAction, EventOutcome } from '../platform/audit/actions.ts'
import { instantText } from '../platform/time/instant-text.ts'
import type { Names } from './event-names.ts'
import { SENTENCES } from './sentences.ts'

export interface EventFacts {
  action: string
  outcome: EventOutcome
  actorId: string | null
  subjectId: string | null
  actorName: string | null
  /** An agent acted in a client account: the people there do not know the name. */
  byServiceDesk: boolean
  subjectName: string | null
  /** Of a case about a person who has no user yet. */
  inviteeName?: string | null
  details: Record<string, unknown>
}

const ENDED_WITH: Readonly<Record<string, string>> = {
  'mfa-reset': ' with the MFA reset',
  'reset-link': ' with a new password',
}

const SHUT_OUT: Readonly<Record<string, string>> = {
  disabled: 'the account is disabled',
  suspended: 'the client account is suspended',
}

/** The sentence of an event; for an unknown event its name and its people. */
export function eventSentence({ action, outcome, details, ...people }: EventFacts): string {
  const { [action as AuditAction]: sentences }: Partial<typeof SENTENCES> = SENTENCES
  const subject = subjectText(people, details)
  const invitee = inviteeText(people, details) ?? subject
  const toErase = details.kind === 'erasing'
  const names: Names = {
    actor: actorText(people),
    subject,
    request: toErase ? `erase ${invitee}` : `make ${invitee} an administrator`,
    requested: toErase ? `${invitee} is erased` : `${invitee} becomes an administrator`,
    kind: details.kind === 'password' ? 'password' : 'code',
    endedWith: ENDED_WITH[String(details.through)] ?? '',
    where: details.knownBrowser ? ' in a known browser' : '',
    browsers: details.ended === 'one' ? 'one of their known browsers' : 'their known browsers',
    sessions: details.ended === 'one' ? 'one of their sessions' : 'their other sessions',
    application: typeof details.application === 'string' ? details.application : 'an application',
    shutOut: SHUT_OUT[String(details.because)] ?? '',
    mayNot: mayNotNow(details.refusal) ? 'could not' : 'was not allowed to',
    requirement: requirementText(details),
    begun: roleGroupNames(details.added) || 'role groups',
    roleGroups: roleGroupsText(details, subject),
    renamed: details.from && details.to ? ` from ${details.from} to ${details.to}` : '',
    reminded:
      people.subjectId === null
        ? 'everyone reminded who must still set up MFA'
        : `${subject} reminded to set up MFA`,
    lines: details.lines === 1 ? 'one line' : details.lines ? `${details.lines} lines` : '',
  }
  const sentence = sentences?.[outcome]
  return capitalised(
    sentence ? sentence(names) : `${action}: ${outcome}, by ${names.actor}, on ${names.subject}.`,
  )
}

/** Events of earlier versions hold the name themselves. */
function inviteeText(
  { subjectId, inviteeName }: Pick<EventFacts, 'subjectId' | 'inviteeName'>,
  { name }: EventFacts['details'],
): string | null {
  if (subjectId !== null) return null
  return inviteeName ?? (typeof name === 'string' ? name : null)
}

/** `people`: how many a refusal concerns that was recorded once for all of them. */
function subjectText(
  { subjectId, subjectName }: Pick<EventFacts, 'subjectId' | 'subjectName'>,
  { people }: EventFacts['details'],
): string {
  if (subjectName !== null) return subjectName
  if (subjectId !== null) return 'a person of another account'
  if (typeof people !== 'number') return 'an unknown person'
  return people === 1 ? 'one person' : `${people} people`
}

/** The times are in UTC: a sentence is the same for all readers. */
function requirementText({ added, moved, removed, startsAt }: EventFacts['details']): string {
  const [more, other, less] = [roleGroupNames(added), roleGroupNames(moved), roleGroupNames(removed)]
  const start = typeof startsAt === 'string' ? instantText(new Date(startsAt)) : ''
  const acts = [
    more && `required MFA of ${more}${start && ` from ${start}`}`,
    other && `changed when MFA is required of ${other} to ${start || 'at once'}`,
    less && `stopped requiring ${more ? 'it' : 'MFA'} of ${less}`,
  ].filter(Boolean)
  return acts.join(' and ') || 'changed the MFA policy'
}

function roleGroupsText({ given, taken }: EventFacts['details'], subject: string): string {
  if (given && taken) return `gave ${subject} ${given} and took ${taken} away`
  if (given) return `gave ${subject} ${given}`
  return taken ? `took ${taken} from ${subject}` : `changed the role groups of ${subject}`
}

/** The names of role groups by their keys. Empty for anything that is no list. */
export function roleGroupNames(keys: unknown): string {
  if (!Array.isArray(keys)) return ''
  return keys.map((key) => roleGroupName(String(key))).join(', ')
}

function mayNotNow(refusal: unknown): boolean {
  const status = refusalNamed(refusal)?.status
  return status === 409 || status === 429
}

function actorText(by: Pick<EventFacts, 'actorId' | 'actorName' | 'byServiceDesk'>): string {
  if (by.actorName === null)
    return by.actorId === null ? 'A visitor who was not signed in' : 'A person of another account'
  return by.byServiceDesk ? `${by.actorName} of the Service Desk` : by.actorName
}

const NOUNS: Readonly<Record<string, string>> = {
  address: 'network address',
  client: 'client account',
  presence: 'confirming identity',
}

export function actionLabel(action: string): string {
  const [name = '', what] = action.split('.')
  const noun = NOUNS[name] ?? name.replace('mfa-', 'MFA ')
  return capitalised([noun, what?.replaceAll('-', ' ')].filter(Boolean).join(': '))
}

const OUTCOME_LABELS = { success: 'Done', failure: 'Failed', refused: 'Refused' } as const

export function outcomeLabel(outcome: keyof typeof OUTCOME_LABELS): string {
  return OUTCOME_LABELS[outcome]
}

export function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

export interface EventRow extends EventFacts {
  id: string
  at: Date
  /** Of the account in whose log it stands. */
  clientName: string | null
  address: string | null
  userAgent: string | null
  requestId: string | null
  /** Who approved what was done. */
  approverName: string | null
  actorEmail: string | null
  subjectEmail: string | null
  subjectClientId: string | null
}
