// Charts of sign-ins in the last hour and the last day. Pure.
import { type BarChart, barChart } from '../platform/bar-chart.ts'
import { MINUTE } from '../platform/time/durations.ts'
import { timeText } from '../platform/time/instant-text.ts'

export interface Period {
  start: Date
  slotMs: number
  slots: number
}

export interface SlotCount {
  slot: number
  kind: 'completed' | 'failed' | 'refused'
  events: number
}

export interface SignInCharts {
  completed: BarChart
  failed: BarChart
}

/** Sixty minutes; the last one is not over. */
export function lastHour(now: Date): Period {
  return periodUpTo(now, MINUTE, 60)
}

/** Forty-eight half hours; the last one is not over. */
export function lastDay(now: Date): Period {
  return periodUpTo(now, 30 * MINUTE, 48)
}

export function endOf({ start, slotMs, slots }: Period): Date {
  return new Date(start.getTime() + slotMs * slots)
}

/** Refused ones met a lock: they are drawn with the failed ones. */
export function signInCharts(counts: readonly SlotCount[], period: Period, timeZone: string): SignInCharts {
  const chart = (isCounted: (count: SlotCount) => boolean) => {
    const bySlot = new Map<number, number>()
    for (const count of counts.filter(isCounted))
      bySlot.set(count.slot, (bySlot.get(count.slot) ?? 0) + count.events)
    return barChart(
      Array.from({ length: period.slots }, (_, slot) => ({
        label: timeText(new Date(period.start.getTime() + slot * period.slotMs), timeZone),
        count: bySlot.get(slot) ?? 0,
      })),
    )
  }
  return {
    completed: chart(({ kind }) => kind === 'completed'),
    failed: chart(({ kind }) => kind !== 'completed'),
  }
}

function periodUpTo(now: Date, slotMs: number, slots: number): Period {
  const current = Math.floor(now.getTime() / slotMs) * slotMs
  return { start: new Date(current - (slots - 1) * slotMs), slotMs, slots }
}
