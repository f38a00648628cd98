import pLimit from 'p-limit'
import postgres, { type PendingQuery, type Row, type Sql, type TransactionSql } from 'postgres'
import { currentDeadline } from './deadline.ts'
import type { Watchdog } from './watchdog.ts'

export type Ask = <Result>(statement: () => PromiseLike<Result>) => Promise<Result>

interface Client {
  options: Sql['options']
  unsafe: (...statement: Parameters<Sql['unsafe']>) => Promise<unknown>
  begin: <Result>(work: (tx: TransactionClient) => Promise<Result>) => Promise<Result>
}

type TransactionClient = Pick<Client, 'unsafe'> & {
  savepoint: <Result>(work: (tx: TransactionClient) => Promise<Result>) => Promise<Result>
}

const REFUSAL_COUNTS_MS = 30_000
const REFUSALS = ['53100', '58030', '25006']

/** Statements and transactions of a pool. */
export interface PoolUse {
  running: number
  waiting: number
}

export interface TimelyClient {
  client: Sql
  ask: Ask
  refusesWrites(): boolean
  use(): PoolUse
}

/** The driver for Drizzle. Statements beyond `atOnce` wait here, where a passed deadline can still drop them. */
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
      let over = false
      try {
        const result = await sql.begin(async (tx) => {
          answered()
          const open = new OpenTransaction(answerTo)
          try {
            const result = await work(open.clientOf(tx))
            // The client was already answered that nothing was done.
            deadline?.check()
            return result
          } finally {
            open.end()
            // A lost connection ends the transaction before its work: no answer comes any more.
            if (!over) answered = watchdog.expectAnswer(sql)
          }
        })
        return result as Result
      } finally {
        over = true
        answered()
      }
    })
  }

  const client: Client = {
    options: sql.options,
    unsafe: (...statement) => withValues(sql.unsafe(...statement), (query) => ask(() => query)),
    begin,
  }
  return {
    client: client as unknown as Sql,
    ask,
    refusesWrites: () => performance.now() - refusedAt < REFUSAL_COUNTS_MS,
    use: () => ({ running: limit.activeCount, waiting: limit.pendingCount }),
  }
}

/** Refuses statements after the end of its transaction: they would run in the next one. */
class OpenTransaction {
  readonly #answerTo: <Result>(statement: PromiseLike<Result>) => Promise<Result>
  readonly #deadline = currentDeadline()
  #ended = false
  /** The first error of the transaction. PostgreSQL refuses every later statement. */
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
      // 25P02: an earlier statement has failed.
      if (error instanceof postgres.PostgresError && error.code === '25P02') throw this.#cause ?? error
      this.#cause = error
      throw error
    }
  }
}

/** Drizzle may call `values` on the answer, before the statement is sent, to get rows as arrays. */
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
