/** Lets one loop sleep until somebody rings. A ring while it is awake is kept for its next sleep. */
export class Bell {
  #rung = false
  #wake = () => {}

  ring(): void {
    this.#rung = true
    this.#wake()
  }

  /** Resolves when it was rung since the last time, or after `ms` milliseconds. */
  async rungWithin(ms: number): Promise<void> {
    if (!this.#rung && ms > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#wake = () => {}
    this.#rung = false
  }
}
