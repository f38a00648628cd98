import { DrizzleQueryError } from 'drizzle-orm'
import { type DestinationStream, type Logger, pino } from 'pino'
import postgres from 'postgres'

export type { Logger } from 'pino'

// Lines are written in batches, at the latest after a moment: a page need not wait for the terminal.
const BATCHED = { dest: 1, sync: false, minLength: 4096, periodicFlush: 200 } as const

/**
 * The log of one process: JSON lines on stdout unless told otherwise. Only chosen fields are logged, never whole
 * requests or queries.
 */
export function createLog(
  process: string,
  level: string,
  destination: DestinationStream = pino.destination(BATCHED),
): Logger {
  return pino({ level, base: { process }, serializers: { err: describeError } }, destination)
}

/**
 * What may be logged of an error. A DrizzleQueryError's own message holds every bound parameter (hashes,
 * addresses, tokens), and a PostgresError's detail the row's values; so only code, message and constraint pass.
 */
export function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof DrizzleQueryError) return { ...describeError(error.cause), type: 'DrizzleQueryError' }
  if (error instanceof postgres.PostgresError)
    return {
      type: 'PostgresError',
      code: error.code,
      message: error.message,
      constraint: error.constraint_name,
      table: error.table_name,
    }
  if (error instanceof Error)
    return {
      type: error.name,
      message: error.message,
      stack: error.stack,
      ...('code' in error && { code: error.code }),
      ...(error.cause instanceof Error && { cause: describeError(error.cause) }),
    }
  return { type: typeof error }
}
