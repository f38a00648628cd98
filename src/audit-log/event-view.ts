import { describeDevice } from '../platform/http/describe-device.ts'
import { exactText } from '../platform/time/instant-text.ts'
import { actionLabel, type EventRow, eventSentence, outcomeLabel } from './event-sentence.ts'

export function eventView(event: EventRow) {
  const { id, action, outcome, address, userAgent, requestId, details } = event
  const facts: [string, string | null][] = [
    ['Event', actionLabel(action)],
    ['Outcome', outcomeLabel(outcome)],
    ['At', exactText(event.at)],
    ['By', event.actorEmail],
    ['On', event.subjectEmail],
    ['Address', address],
    ['Device', userAgent === null ? null : describeDevice(userAgent)],
    ['Request', requestId],
    ['Event id', id],
    ...Object.entries(details).map(([name, value]): [string, string] => [wordsOf(name), textOf(value)]),
  ]
  return {
    at: event.at,
    outcome,
    sentence: eventSentence(event),
    facts: facts.flatMap(([name, value]) => (value === null || value === '' ? [] : [{ name, value }])),
  }
}

function textOf(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ')
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

function wordsOf(name: string): string {
  const words = name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
