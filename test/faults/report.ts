// What a run under faults has shown, one line each. Pure.
import { SECOND } from '../../src/platform/time/durations.ts'
import type { Struck } from './faults.ts'
import type { Verdict } from './judge.ts'
import { counted, longestGap } from './judge-times.ts'
import type { Entry, Timed } from './ledger.ts'

/** A fault is felt for so long after it. */
const AFTERMATH_MS = 5 * SECOND

export interface Run {
  engine: string
  seed: number
  entries: readonly Entry[]
  /** At a page behind the gate, at a fixed rate. */
  looks: readonly Timed[]
  struck: readonly Struck[]
  verdict: Verdict
  /** From the last fault until all work was done. */
  recoveredMs: number
}

export function reportLines(run: Run): string[] {
  const { engine, seed, entries, looks, struck, verdict, recoveredMs } = run
  const { events, gate, codes, mails, logouts, times: inTime, violations } = verdict
  const gap = longestGap(looks, struck)
  const seconds = runSeconds(run)
  return [
    `engine: ${engine}; seed: ${seed}`,
    `load: ${entries.length} requests in ${Math.round(seconds)} s, ${(entries.length / seconds).toFixed(1)} a second`,
    `requests by kind: ${counted(entries.map(({ act }) => act))}`,
    `answers by status: ${counted(entries.map(statusOf))}`,
    `faults: ${struck.length}: ${counted(struck.map(({ kind }) => kind))}`,
    `acknowledged: ${events.acknowledged}; 5xx or no answer: ${events.unsure}, of which carried out: ${events.unsureDone}`,
    `lost, doubled or otherwise wrong: ${violations.length}`,
    `mails: ${mails.sent}; sent again under the same Message-ID: ${mails.doubled}`,
    `sessions whose end the application was told: ${logouts.told}; told again: ${logouts.toldAgain}`,
    `pages shown: ${gate.shown}, withheld: ${gate.withheld}; codes sent twice at once: ${codes.replayed}; locks: ${codes.locks}`,
    `longest time without a good answer: ${gap.ms} ms (answers: ${gap.answers}; faults: ${gap.faults})`,
    `answers judged by their time: ${inTime.judged}; longer than 2 s by the machine alone: ${inTime.delayed}; longest without the machine's delay: ${inTime.longestMs} ms`,
    `answers during faults: ${times(inFaults(run))}; all: ${times(entries)}`,
    `all work done after the last fault: ${recoveredMs} ms`,
  ]
}

/** An overloaded process asks for three seconds, one whose database is away or slow for five. */
function statusOf({ status, retryAfter }: Entry): string {
  if (status === 0) return 'none'
  return status === 503 ? `503 for ${retryAfter} s` : String(status)
}

export function runSeconds({ entries }: Run): number {
  return ((entries.at(-1)?.answeredAt ?? 0) - (entries[0]?.sentAt ?? 0)) / SECOND
}

/** Requests that a fault may have touched. */
export function inFaults({ entries, struck }: Run): Entry[] {
  return entries.filter(({ sentAt, answeredAt }) =>
    struck.some(({ from, to }) => answeredAt > from && sentAt < to + AFTERMATH_MS),
  )
}

function times(entries: readonly Entry[]): string {
  const { p50, p99, longest } = timesOf(entries)
  return `p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms`
}

export function timesOf(entries: readonly Entry[]): { p50: number; p99: number; longest: number } {
  const sorted = entries
    .map(({ sentAt, answeredAt }) => answeredAt - sentAt)
    .sort((one, other) => one - other)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { p50: at(0.5), p99: at(0.99), longest: at(1) }
}
