import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { SECOND } from '../time/durations.ts'
import { within } from '../time/within.ts'
import { UnavailableError } from '../unavailable-error.ts'

const ASK_AGAIN_MS = 250
/** A probe may be lost, or the server may freeze again: then the next probe is sent. */
const ANSWER_WITHIN_MS = 2 * SECOND

/** Thrown while the database accepts connections but does not answer. */
export class DatabaseFrozenError extends UnavailableError {
  constructor() {
    super('The database does not answer')
    this.name = 'DatabaseFrozenError'
  }
}

export interface Watch {
  answerWithinMs: number
  onFrozen: () => void
  onAnswering: () => void
}

/**
 * Detects a frozen database: a live server cancels a statement at its time limit. The watchdog then cuts all
 * connections and sends nothing until a probe is answered. Otherwise a frozen server would execute the queued
 * statements when it resumes.
 */
export class Watchdog {
  readonly #watch: Watch | undefined
  #sockets: Socket[] = []
  /** In the order they were sent. */
  readonly #awaited = new Set<AwaitedAnswer>()
  #frozen = false
  #closed = false

  constructor(watch: Watch | undefined) {
    this.#watch = watch
  }

  readonly open = ({ host: [host], port: [port], path }: Address): Socket => {
    const socket = path ? connect(path) : connect(port ?? 5432, host)
    this.#sockets = [...this.#sockets.filter(({ destroyed }) => !destroyed), socket]
    // The driver reads both to check the certificate.
    return Object.assign(socket, { host, port })
  }

  check(): void {
    if (this.#frozen) throw new DatabaseFrozenError()
  }

  /**
   * Call after sending, and the returned function after the answer. Pipelined statements run one after the other, so
   * each answer restarts the time of what was sent after it.
   */
  expectAnswer(sql: Sql): () => void {
    if (!this.#watch) return () => {}
    const { answerWithinMs } = this.#watch
    const awaited: AwaitedAnswer = {
      restart: () => {
        clearTimeout(awaited.timer)
        // After a turn of the event loop: the answer may be unread because this process was busy.
        const timer = setTimeout(
          () => setImmediate(() => awaited.timer === timer && this.#freeze(sql)),
          answerWithinMs,
        )
        awaited.timer = timer
      },
    }
    awaited.restart()
    this.#awaited.add(awaited)
    return () => this.#answered(awaited)
  }

  #answered(answered: AwaitedAnswer): void {
    clearTimeout(answered.timer)
    answered.timer = undefined
    let sentLater = false
    for (const other of this.#awaited) {
      if (sentLater) other.restart()
      else sentLater = other === answered
    }
    this.#awaited.delete(answered)
  }

  /** Stops the probes and cuts the connections, which would keep the process alive. */
  close(): void {
    this.#closed = true
    this.#cutConnections()
  }

  #cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #freeze(sql: Sql): Promise<void> {
    if (this.#frozen) return
    this.#frozen = true
    this.#watch?.onFrozen()
    this.#cutConnections()
    while (!this.#closed && !(await answers(sql))) await pause(ASK_AGAIN_MS)
    if (this.#closed) return
    this.#frozen = false
    this.#watch?.onAnswering()
  }
}

interface AwaitedAnswer {
  /** Undefined once it is answered. */
  timer?: NodeJS.Timeout | undefined
  restart: () => void
}

interface Address {
  host: readonly string[]
  port: readonly number[]
  path: string | false
}

function answers(sql: Sql): Promise<boolean> {
  return within(ANSWER_WITHIN_MS, sql`select 1`).then(
    () => true,
    () => false,
  )
}
