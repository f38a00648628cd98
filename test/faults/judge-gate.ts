// Replays the ledger: whether each page of the gate and of applications was shown, or withheld, as the acts before it
// say. Pure.

import { grouped } from './grouped.ts'
import { describe } from './judge-events.ts'
import { type Act, type Entry, isAcknowledged, outcomeOf } from './ledger.ts'

const BEHIND_THE_GATE = '/account'
/** What opens an application. */
const ENTRIES: readonly Act[] = ['enter', 'token']

export interface GateVerdict {
  violations: string[]
  shown: number
  withheld: number
}

export function judgeGate(entries: readonly Entry[]): GateVerdict {
  const bySession = grouped(entries, ({ session }) => session)
  const ends = grouped(
    entries.filter(({ act }) => act === 'reset' || act === 'disable'),
    ({ about }) => about,
  )
  const verdict: GateVerdict = { violations: [], shown: 0, withheld: 0 }

  for (const entry of entries) {
    const isAsked = entry.act === 'ask'
    const isPage = entry.act === 'page' && entry.about === BEHIND_THE_GATE
    if (!(isAsked || isPage) || !isAcknowledged(entry)) continue
    const ofSession = bySession.get(entry.session) ?? []
    const accepted = ofSession.filter(({ act, right }) => act === 'verify' && right)
    const entered = ofSession.filter(({ act, about }) => ENTRIES.includes(act) && about === entry.about)
    const closing = [...ofSession.filter(({ act }) => act === 'sign-out'), ...(ends.get(entry.person) ?? [])]
    if (entry.status === 200) {
      verdict.shown += 1
      // Without an answer a code may have been accepted, and a sign-out may not have come.
      const opened = accepted.find(
        (code) => maybeDone(code, 'verify 303 /') && code.sentAt < entry.answeredAt,
      )
      const closed = closing.find(
        (end) =>
          outcomeOf(end).includes(' 303') &&
          opened &&
          end.sentAt > opened.sentAt &&
          end.answeredAt < entry.sentAt,
      )
      if (isAsked && !entered.some((way) => maybeEntered(way) && way.sentAt < entry.answeredAt))
        verdict.violations.push(`in an application without having entered it: ${describe(entry)}`)
      if (!opened) verdict.violations.push(`past the gate without a code: ${describe(entry)}`)
      if (closed) verdict.violations.push(`past the gate after ${outcomeOf(closed)}: ${describe(entry)}`)
      continue
    }
    verdict.withheld += 1
    const opened = accepted.find(
      (code) => outcomeOf(code) === 'verify 303 /' && code.answeredAt < entry.sentAt,
    )
    const maybeClosed = closing.some(
      (end) => opened && end.answeredAt > opened.sentAt && end.sentAt < entry.answeredAt,
    )
    const isIn =
      !isAsked ||
      entered.some((way) => isAcknowledged(way) && maybeEntered(way) && way.answeredAt < entry.sentAt)
    if (opened && isIn && !maybeClosed) verdict.violations.push(`shut out: ${describe(entry)}`)
  }
  return verdict
}

function maybeEntered(way: Entry): boolean {
  return !isAcknowledged(way) || way.status === 303 || way.status === 200
}

function maybeDone(entry: Entry, outcome: string): boolean {
  return !isAcknowledged(entry) || outcomeOf(entry) === outcome
}
