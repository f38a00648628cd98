import { describeDevice } from '../notifications/describe-device.ts'
import { eventSentence } from './event-sentence.ts'
import type { EventRow } from './events.queries.ts'

/** An event as the views print it: its sentence, and the facts behind it as pairs of words. */
export function eventView(event: EventRow) {
  const { action, address, userAgent, requestId, details } = event
  const facts: [string, string | null][] = [
    ['Event', action],
    ['Address', address],
    ['Device', userAgent === null ? null : describeDevice(userAgent)],
    ['Request', requestId],
    ...Object.entries(details).map(([name, value]): [string, string] => [wordsOf(name), String(value)]),
  ]
  return {
    at: event.at,
    outcome: event.outcome,
    sentence: eventSentence(event),
    facts: facts.flatMap(([name, value]) => (value === null || value === '' ? [] : [{ name, value }])),
  }
}

/** 'lockedUntil' → 'Locked until'. */
function wordsOf(name: string): string {
  const words = name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
