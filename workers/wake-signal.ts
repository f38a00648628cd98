/** For one loop. A `wake` while the loop runs ends its next wait at once. */
export class WakeSignal {
  #signalled = false
  #wake = () => {}

  wake(): void {
    this.#signalled = true
    this.#wake()
  }

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
