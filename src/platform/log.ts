import { DrizzleQueryError } from 'drizzle-orm'
import { type DestinationStream, type Logger, pino } from 'pino'
import postgres from 'postgres'

export type { Logger } from 'pino'

// Batched, so that requests do not wait for the terminal.
const BATCHED = { dest: 1, sync: false, minLength: 4096, periodicFlush: 200 } as const

/** JSON lines. Log chosen fields, never whole requests or queries. */
export function createLog(
  process: string,
  level: string,
  destination: DestinationStream = pino.destination(BATCHED),
): Logger {
  return pino({ level, base: { process }, serializers: { err: describeError } }, destination)
}

/**
 * The fields of an error that may be logged. The message of a DrizzleQueryError holds all bound parameters (hashes,
 * addresses, tokens), and the detail of a PostgresError holds values of the row.
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
