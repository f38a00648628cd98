/** Lets one loop sleep until it is woken. A call of wake while it is awake is kept for its next sleep. */
export class WakeSignal {
  #signalled = false
  #wake = () => {}

  wake(): void {
    this.#signalled = true
    this.#wake()
  }

  /** Resolves when wake was called since the last time, or after `ms` milliseconds. */
  async wait(ms: number): Promise<void> {
    if (!this.#signalled && ms > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#wake = () => {}
    this.#signalled = false
  }
}
