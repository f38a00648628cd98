// Choices that a seed repeats.
import { randomFrom } from '../../src/demo/bulk-accounts.ts'

export class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = randomFrom(seed)
  }

  /** A number between two others. */
  between(least: number, most: number): number {
    return least + (most - least) * this.#next()
  }

  happens(share: number): boolean {
    return this.#next() < share
  }

  oneOf<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#next() * items.length)]
    if (item === undefined) throw new Error('there is nothing to choose from')
    return item
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    const keyed = items.map((item) => ({ item, key: this.#next() }))
    return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item)
  }

  /** Another source, which runs on its own. */
  branch(): Random {
    return new Random(Math.floor(this.#next() * 2 ** 31))
  }
}
