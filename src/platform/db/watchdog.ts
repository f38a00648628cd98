import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { SECOND } from '../time/durations.ts'
import { within } from '../time/within.ts'
import { UnavailableError } from '../unavailable-error.ts'

const ASK_AGAIN_MS = 250
/** A question that the driver lost, or that met a server that froze again, must not be the last one. */
const ANSWER_WITHIN_MS = 2 * SECOND

/** Thrown while the database takes connections but answers nothing. */
export class DatabaseFrozenError extends UnavailableError {
  constructor() {
    super('The database does not answer')
    this.name = 'DatabaseFrozenError'
  }
}

export interface Watch {
  /** How long an answer may take. Longer than the server's own limit for a statement. */
  answerWithinMs: number
  /** Called once when the database stops to answer, and once when it answers again. */
  onFrozen: () => void
  onAnswering: () => void
}

/**
 * Notices a database that is frozen. A server that is alive cancels a statement at its time limit, so one that has not
 * answered a while later is not alive. Its connections are then cut, with the statements that wait on them, and nothing
 * is sent until a new connection is answered: what piles up in a frozen server is executed when it goes on.
 */
export class Watchdog {
  readonly #watch: Watch | undefined
  #sockets: Socket[] = []
  #frozen = false
  #closed = false

  /** Without a watch it lets everything wait. */
  constructor(watch: Watch | undefined) {
    this.#watch = watch
  }

  /** Opens the driver's connections: its option `socket`. */
  readonly open = ({ host: [host], port: [port], path }: Address): Socket => {
    const socket = path ? connect(path) : connect(port ?? 5432, host)
    this.#sockets = [...this.#sockets.filter(({ destroyed }) => !destroyed), socket]
    // The driver asks for the name to check a certificate against.
    return Object.assign(socket, { host, port })
  }

  /** Throws DatabaseFrozenError while the database is known not to answer. */
  check(): void {
    if (this.#frozen) throw new DatabaseFrozenError()
  }

  /** Something was sent. Returns what to call once it is answered. */
  expectAnswer(sql: Sql): () => void {
    if (!this.#watch) return () => {}
    let answered = false
    // Checked after a turn of the event loop: an answer may lie there unread if this process was busy.
    const timer = setTimeout(
      () => setImmediate(() => answered || this.#freeze(sql)),
      this.#watch.answerWithinMs,
    )
    return () => {
      answered = true
      clearTimeout(timer)
    }
  }

  /** The pool is closed: a database that is frozen is asked no more, and its connections keep no process alive. */
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

/** What the driver tells of where to connect to. */
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
