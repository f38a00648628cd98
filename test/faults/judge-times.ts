// Whether an answer came within two seconds, and how long nothing good was answered. Pure.
import { SECOND } from '../../src/platform/time/durations.ts'
import type { Struck } from './faults.ts'
import { grouped } from './grouped.ts'
import { isAcknowledged, type Timed } from './ledger.ts'
import type { Machine } from './machine.ts'

/** What the product promises, whatever is away. */
const ANSWER_WITHIN_MS = 2 * SECOND
/** When it gives up by itself: ANSWER_WITHIN. */
const GIVES_UP_AFTER_MS = 1.8 * SECOND

export interface TimesVerdict {
  /** Later than promised, without the delay of the machine. */
  late: string[]
  /** Answers whose time could be judged. */
  judged: number
  /** Of these, how many took longer than promised, and came in time without the delay of the machine. */
  delayed: number
  /** The longest without the delay of the machine. */
  longestMs: number
}

/** Judges what web processes answered. An answer of the proxy, and none at all, are no answers of the product. */
export function judgeTimes(answers: readonly Timed[], machine: Pick<Machine, 'delayMs'>): TimesVerdict {
  const verdict: TimesVerdict = { late: [], judged: 0, delayed: 0, longestMs: 0 }
  for (const { sentAt, answeredAt, answeredBy, status } of answers) {
    const ms = answeredAt - sentAt
    const delayMs = answeredBy === null ? undefined : delayOf({ sentAt, answeredAt, answeredBy }, machine)
    if (delayMs === undefined) continue
    verdict.judged += 1
    verdict.longestMs = Math.max(verdict.longestMs, Math.round(ms - delayMs))
    if (ms - delayMs > ANSWER_WITHIN_MS)
      verdict.late.push(
        `late: ${status} after ${ms} ms at ${new Date(sentAt).toISOString()}, ${Math.round(delayMs)} ms by the machine`,
      )
    else if (ms > ANSWER_WITHIN_MS) verdict.delayed += 1
  }
  return verdict
}

/**
 * What the machine may have added to an answer. Before the product begins to measure its time and after that is over,
 * a delay makes the answer later by as much. In between it does not.
 */
function delayOf(
  { sentAt, answeredAt, answeredBy }: { sentAt: number; answeredAt: number; answeredBy: string },
  machine: Pick<Machine, 'delayMs'>,
): number | undefined {
  const overMs = Math.max(0, answeredAt - sentAt - GIVES_UP_AFTER_MS)
  const middle = (sentAt + answeredAt) / 2
  const before = machine.delayMs(answeredBy, sentAt, Math.min(middle, sentAt + overMs))
  const after = machine.delayMs(answeredBy, Math.max(middle, answeredAt - overMs), answeredAt)
  return before === undefined || after === undefined ? undefined : Math.min(overMs, before + after)
}

export interface Gap {
  ms: number
  /** What was answered instead, with its number. */
  answers: string
  /** The faults that lasted or began meanwhile. */
  faults: string
}

/** The longest time without a good answer to someone who asks at a fixed rate. */
export function longestGap(looks: readonly Timed[], struck: readonly Struck[]): Gap {
  let [from, to] = [0, 0]
  let lastGoodAt = looks[0]?.answeredAt ?? 0
  for (const { answeredAt } of looks.filter(isAcknowledged)) {
    if (answeredAt - lastGoodAt > to - from) [from, to] = [lastGoodAt, answeredAt]
    lastGoodAt = answeredAt
  }
  const within = looks.filter(({ answeredAt }) => answeredAt > from && answeredAt < to)
  const meanwhile = struck.filter((fault) => fault.to > from && fault.from < to)
  return {
    ms: to - from,
    answers: counted(within.map(({ status }) => (status === 0 ? 'none' : String(status)))),
    faults: meanwhile
      .map(({ kind, from: at }) => `${kind} ${at < from ? 'before' : `after ${at - from} ms`}`)
      .join(', '),
  }
}

/** 'one 2, other 1' */
export function counted(names: readonly string[]): string {
  return [...grouped(names, (name) => name)]
    .map(([name, { length }]) => `${name} ${length}`)
    .sort()
    .join(', ')
}
