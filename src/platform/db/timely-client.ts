import pLimit from 'p-limit'
import postgres, { type PendingQuery, type Row, type Sql, type TransactionSql } from 'postgres'
import { currentDeadline } from './deadline.ts'
import type { Watchdog } from './watchdog.ts'

/** Sends a statement of the driver in its turn. Throws if the deadline passes before it is answered. */
export type Ask = <Result>(statement: () => PromiseLike<Result>) => Promise<Result>

/** The part of the driver that Drizzle uses. */
interface Client {
  options: Sql['options']
  unsafe: (...statement: Parameters<Sql['unsafe']>) => Promise<unknown>
  begin: <Result>(work: (tx: TransactionClient) => Promise<Result>) => Promise<Result>
}

type TransactionClient = Pick<Client, 'unsafe'> & {
  savepoint: <Result>(work: (tx: TransactionClient) => Promise<Result>) => Promise<Result>
}

/** So long a database counts as refusing changes after it has refused one. */
const REFUSAL_COUNTS_MS = 30_000
/** SQLSTATE: disk full, input or output failed, only reads allowed. */
const REFUSALS = ['53100', '58030', '25006']

export interface TimelyClient {
  /** The driver as Drizzle uses it. */
  client: Sql
  ask: Ask
  /** Whether the database has refused a change a moment ago, as when its disk is full. */
  refusesWrites(): boolean
}

/**
 * The driver for Drizzle, under the deadline of the request. At most `atOnce` statements and transactions are given to
 * the driver. The others wait here, where they can still be dropped.
 */
export function timelyClient(sql: Sql, watchdog: Watchdog, atOnce: number): TimelyClient {
  const limit = pLimit(atOnce)
  let refusedAt = Number.NEGATIVE_INFINITY

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const deadline = currentDeadline()
    const check = () => {
      deadline?.check()
      watchdog.check()
    }
    check()
    const result = limit(() => {
      check()
      return work()
    })
    return deadline ? deadline.race(result) : result
  }

  async function answerTo<Result>(statement: PromiseLike<Result>): Promise<Result> {
    const answered = watchdog.expectAnswer(sql)
    try {
      return await statement
    } catch (error) {
      if (error instanceof postgres.PostgresError && REFUSALS.includes(error.code))
        refusedAt = performance.now()
      throw error
    } finally {
      answered()
    }
  }

  const ask: Ask = (statement) => inTurn(() => answerTo(statement()))

  function begin<Result>(work: (tx: TransactionClient) => Promise<Result>): Promise<Result> {
    const deadline = currentDeadline()
    return inTurn(async () => {
      // For BEGIN first, then for COMMIT or ROLLBACK.
      let answered = watchdog.expectAnswer(sql)
      try {
        const result = await sql.begin(async (tx) => {
          answered()
          const open = new OpenTransaction(answerTo)
          try {
            const result = await work(open.clientOf(tx))
            // Too late to commit: the request was answered that nothing was done.
            deadline?.check()
            return result
          } finally {
            open.end()
            answered = watchdog.expectAnswer(sql)
          }
        })
        return result as Result
      } finally {
        answered()
      }
    })
  }

  const client: Client = {
    options: sql.options,
    unsafe: (...statement) => withValues(sql.unsafe(...statement), (query) => ask(() => query)),
    begin,
  }
  // Drizzle asks the driver for nothing but this.
  return {
    client: client as unknown as Sql,
    ask,
    refusesWrites: () => performance.now() - refusedAt < REFUSAL_COUNTS_MS,
  }
}

/** A transaction that is open: takes statements until it has ended. */
class OpenTransaction {
  readonly #answerTo: <Result>(statement: PromiseLike<Result>) => Promise<Result>
  readonly #deadline = currentDeadline()
  #ended = false
  /** The error that made PostgreSQL refuse whatever came after it. */
  #cause: unknown

  constructor(answerTo: <Result>(statement: PromiseLike<Result>) => Promise<Result>) {
    this.#answerTo = answerTo
  }

  end(): void {
    this.#ended = true
  }

  clientOf(tx: TransactionSql): TransactionClient {
    return {
      unsafe: (...statement) => withValues(tx.unsafe(...statement), (query) => this.#send(query)),
      savepoint: async (work) => {
        const result = await tx.savepoint((nested) => work(this.clientOf(nested)))
        return result as Awaited<ReturnType<typeof work>>
      },
    }
  }

  async #send<Result>(statement: PromiseLike<Result>): Promise<Result> {
    if (this.#ended) throw new Error('the transaction has ended')
    this.#deadline?.check()
    const answer = this.#answerTo(statement)
    try {
      return await (this.#deadline ? this.#deadline.race(answer) : answer)
    } catch (error) {
      // 25P02 says only that the transaction has failed before, not why.
      if (error instanceof postgres.PostgresError && error.code === '25P02') throw this.#cause ?? error
      this.#cause = error
      throw error
    }
  }
}

/** The answer to a statement, whose rows are arrays if `values` is called before it is sent. */
function withValues(
  query: PendingQuery<Row[]>,
  send: (query: PendingQuery<Row[]>) => Promise<unknown>,
): Promise<unknown> {
  const answer = send(query)
  const values = () => {
    query.values()
    return answer
  }
  return Object.assign(answer, { values })
}
