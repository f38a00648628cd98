/** Thrown when a start cannot go on for a reason that its reader can remove. Shown without a stack. */
export class StartError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StartError'
  }
}
