// A small chart of counts by day, hour or minute, and its text alternative. Pure.

export interface Counted {
  label: string
  count: number
}

export interface Bar extends Counted {
  x: number
  y: number
  width: number
  height: number
}

export interface BarChart {
  width: number
  height: number
  bars: Bar[]
  zeros: number
  total: number
  /** The latest of the highest counts; null if all are 0. */
  most: Counted | null
  first: string
  last: string
}

const SLOT = 10
const GAP = 2
const HEIGHT = 100
const LOWEST = 4

/** Throws if there are no counts. */
export function barChart(counts: readonly Counted[]): BarChart {
  const [first] = counts
  const last = counts.at(-1)
  if (!first || !last) throw new Error('a chart has at least one count')
  const highest = Math.max(...counts.map(({ count }) => count))
  const bars = counts.flatMap(({ label, count }, index) => {
    if (count === 0) return []
    const height = Math.max(LOWEST, Math.round((HEIGHT * count) / highest))
    return [{ label, count, x: index * SLOT + GAP / 2, y: HEIGHT - height, width: SLOT - GAP, height }]
  })
  return {
    width: counts.length * SLOT,
    height: HEIGHT,
    bars,
    zeros: counts.length - bars.length,
    total: counts.reduce((sum, { count }) => sum + count, 0),
    most: highest === 0 ? null : (counts.findLast(({ count }) => count === highest) ?? null),
    first: first.label,
    last: last.label,
  }
}
