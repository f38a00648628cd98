// What a run under faults has shown, one line each. Times are told, and not judged. Pure.

import { SECOND } from '../../src/platform/time/durations.ts'
import type { Struck } from './faults.ts'
import { grouped } from './grouped.ts'
import type { Verdict } from './judge.ts'
import { type Entry, isAcknowledged } from './ledger.ts'

/** A fault is felt for so long after it. */
const AFTERMATH_MS = 5 * SECOND

export interface Run {
  engine: string
  seed: number
  entries: readonly Entry[]
  struck: readonly Struck[]
  verdict: Verdict
  /** From the last fault until all work was done. */
  recoveredMs: number
}

export function reportLines({ engine, seed, entries, struck, verdict, recoveredMs }: Run): string[] {
  const { events, gate, codes, mails, violations } = verdict
  const seconds = ((entries.at(-1)?.answeredAt ?? 0) - (entries[0]?.sentAt ?? 0)) / SECOND
  const inFaults = entries.filter(({ sentAt, answeredAt }) =>
    struck.some(({ from, to }) => answeredAt > from && sentAt < to + AFTERMATH_MS),
  )
  return [
    `engine: ${engine}; seed: ${seed}`,
    `load: ${entries.length} requests in ${Math.round(seconds)} s, ${(entries.length / seconds).toFixed(1)} a second`,
    `requests by kind: ${counted(entries.map(({ act }) => act))}`,
    `answers by status: ${counted(entries.map(statusOf))}`,
    `faults: ${struck.length}: ${counted(struck.map(({ kind }) => kind))}`,
    `acknowledged: ${events.acknowledged}; 5xx or no answer: ${events.unsure}, of which carried out: ${events.unsureDone}`,
    `lost, doubled or otherwise wrong: ${violations.length}`,
    `mails: ${mails.sent}; sent again under the same Message-ID: ${mails.doubled}`,
    `pages shown: ${gate.shown}, withheld: ${gate.withheld}; codes sent twice at once: ${codes.replayed}; locks: ${codes.locks}`,
    `longest time without a good answer: ${longestGap(entries)} ms`,
    `answers during faults: ${times(inFaults)}; all: ${times(entries)}`,
    `all work done after the last fault: ${recoveredMs} ms`,
  ]
}

function counted(names: readonly string[]): string {
  const counts = grouped(names, (name) => name)
  return [...counts]
    .map(([name, { length }]) => `${name} ${length}`)
    .sort()
    .join(', ')
}

/** An overloaded process asks for three seconds, one whose database is away or slow for five. */
function statusOf({ status, retryAfter }: Entry): string {
  if (status === 0) return 'none'
  return status === 503 ? `503 for ${retryAfter} s` : String(status)
}

function longestGap(entries: readonly Entry[]): number {
  const good = entries.filter(isAcknowledged).map(({ answeredAt }) => answeredAt)
  return good.reduce((longest, at, index) => Math.max(longest, at - (good[index - 1] ?? at)), 0)
}

function times(entries: readonly Entry[]): string {
  const sorted = entries
    .map(({ sentAt, answeredAt }) => answeredAt - sentAt)
    .sort((one, other) => one - other)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`
}
