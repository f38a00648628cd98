import { refusalNamed } from '../access/refusals.ts'
import { describeDevice } from '../platform/http/describe-device.ts'
import { exactText } from '../platform/time/instant-text.ts'
import {
  actionLabel,
  capitalised,
  type EventRow,
  eventSentence,
  outcomeLabel,
  roleGroupNames,
} from './event-sentence.ts'

export function eventView(event: EventRow) {
  const { id, action, outcome, clientName, address, userAgent, requestId, details } = event
  const facts: [string, string | null][] = [
    ['Event', actionLabel(action)],
    ['Outcome', outcomeLabel(outcome)],
    ['At', exactText(event.at)],
    ['By', event.actorEmail],
    ['On', event.subjectEmail],
    ['Approved by', event.approverName],
    ['Address', address],
    ['Device', userAgent === null ? null : describeDevice(userAgent)],
    ['Request', requestId],
    ['Event id', id],
    ...Object.entries(details)
      .filter(([name]) => name !== 'approverId')
      .map(([name, value]): [string, string] => [wordsOf(name), textOf(name, value)]),
  ]
  return {
    at: event.at,
    outcome,
    clientName,
    sentence: eventSentence(event),
    facts: facts.flatMap(([name, value]) => (value === null || value === '' ? [] : [{ name, value }])),
  }
}

/** Details that the product writes as instants. Others hold what people typed, which may look like one. */
const INSTANTS = ['until', 'lockedUntil', 'olderUntil', 'startsAt']

function textOf(name: string, value: unknown): string {
  if (name === 'refusal') return refusalNamed(value)?.sentence ?? String(value)
  if (name === 'added' || name === 'removed' || name === 'moved') return roleGroupNames(value)
  if (INSTANTS.includes(name)) return instantText(String(value))
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ')
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

function instantText(value: string): string {
  const instant = new Date(value)
  return Number.isNaN(instant.getTime()) ? value : exactText(instant)
}

function wordsOf(name: string): string {
  return capitalised(name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)).replace(
    /^Mfa /,
    'MFA ',
  )
}
