// The Mann-Whitney U test: whether values of one sample tend to be larger than those of another. Pure.

export interface RankTest {
  /** How often a value of the one is larger than one of the other, ties counting half; 0.5 where neither tends to be. */
  larger: number
  /** How likely so large a difference, or a larger one, is if both come from one distribution; two-sided. */
  p: number
}

/** By the normal approximation, corrected for ties and for continuity; for samples of 20 and more. */
export function rankTest(one: readonly number[], other: readonly number[]): RankTest {
  const all = [
    ...one.map((value) => ({ value, isOne: true })),
    ...other.map((value) => ({ value, isOne: false })),
  ]
  all.sort((a, b) => a.value - b.value)
  let rankSum = 0
  let ties = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1
    const alike = all.slice(from, to)
    // Ranks are counted from 1; those that are alike share the mean of theirs.
    rankSum += alike.filter(({ isOne }) => isOne).length * ((from + 1 + to) / 2)
    ties += alike.length ** 3 - alike.length
    from = to
  }
  const [n, m, total] = [one.length, other.length, all.length]
  const u = rankSum - (n * (n + 1)) / 2
  const deviation = Math.sqrt(((n * m) / 12) * (total + 1 - ties / (total * (total - 1))))
  const z = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) / deviation
  return { larger: u / (n * m), p: deviation === 0 ? 1 : 2 * upperTail(z) }
}

/** Of the standard normal distribution; Abramowitz and Stegun 26.2.17, correct to 7.5e-8. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}
