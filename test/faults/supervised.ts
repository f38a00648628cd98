// A process that is started again whenever it ends, as systemd does.
import { setTimeout as pause } from 'node:timers/promises'
import { startProcess, type TestProcess } from '../support/processes.ts'

const RESTART_AFTER_MS = 100

type Started = ReturnType<typeof startProcess>

export class Supervised {
  readonly #file: string
  readonly #env: Record<string, string | undefined>
  readonly #before: string | undefined
  #current: Started
  #stopped = false
  /** What ended processes wrote. */
  #written = ''

  /** `before` the module another one is loaded. */
  constructor(file: string, env: Record<string, string | undefined>, before?: string) {
    this.#file = file
    this.#env = env
    this.#before = before
    this.#current = this.#start()
  }

  /** Resolves once it is ready, however many starts that takes. */
  async ready(): Promise<void> {
    while (!this.#stopped) {
      if (await this.#current.ready.then(() => true).catch(() => false)) return
      await pause(RESTART_AFTER_MS)
    }
  }

  output(): string {
    return this.#written + this.#current.output()
  }

  /** Of the process that runs now. */
  get pid(): number {
    return this.#current.pid
  }

  tell(message: object): void {
    this.#current.tell(message)
  }

  /** Kills it. Resolves when the next one is ready. */
  crash(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Ends it gently. Resolves when the next one is ready. */
  restart(): Promise<void> {
    return this.#end('SIGTERM')
  }

  stop(): void {
    this.#stopped = true
    this.#current.kill('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const ending: TestProcess = this.#current
    ending.kill(signal)
    await ending.ended
    while (this.#current === ending && !this.#stopped) await pause(RESTART_AFTER_MS)
    await this.ready()
  }

  #start(): Started {
    const started = startProcess(this.#file, this.#env, this.#before)
    started.ready.catch(() => {})
    started.ended.then(async () => {
      await pause(RESTART_AFTER_MS)
      if (this.#stopped) return
      this.#written += started.output()
      this.#current = this.#start()
    })
    return started
  }
}
