// A figure that was measured several times. Pure.

export interface Spread {
  median: number
  lowest: number
  highest: number
}

export function spreadOf(figures: readonly number[]): Spread {
  return { median: percentile(figures, 50), lowest: Math.min(...figures), highest: Math.max(...figures) }
}

/** The value that `percent` of the figures do not exceed. */
export function percentile(figures: readonly number[], percent: number): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN
}
