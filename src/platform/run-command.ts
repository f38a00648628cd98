import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ConfigurationError } from '../config.ts'
import { UnpatchedDriverError } from './db/client.ts'
import { UnfitServerError } from './db/require-server.ts'
import { describeError } from './log.ts'

export class UsageError extends Error {
  constructor(usage: string) {
    super(`Usage: ${usage}`)
    this.name = 'UsageError'
  }
}

/** Sets exit code 1 on failure. For errors the user can fix, and those of `expected`, prints only the message. */
export async function runCommand(
  work: () => Promise<void>,
  expected: readonly (new (...args: never[]) => Error)[] = [],
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const kinds = [UsageError, ConfigurationError, UnpatchedDriverError, UnfitServerError, ...expected]
    const known = error instanceof Error && kinds.some((kind) => error instanceof kind)
    const advice = adviceOn(error)
    process.stderr.write(`${known ? error.message : (advice ?? JSON.stringify(describeError(error)))}\n`)
    process.exitCode = 1
  }
}

const UNDEFINED_TABLE = '42P01'
const INSUFFICIENT_PRIVILEGE = '42501'

/** What to do about an error of PostgreSQL that an installation meets first; null about any other. */
function adviceOn(error: unknown): string | null {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  if (code === UNDEFINED_TABLE) return 'This database has no tables of Portcullis yet. Run: npm run migrate'
  if (code === INSUFFICIENT_PRIVILEGE && cause instanceof Error)
    return `The role of DATABASE_URL may not do this (${cause.message}). Run npm run migrate as the owner of the tables.`
  return null
}

export function readOptions<const Options extends NonNullable<ParseArgsConfig['options']>>(
  options: Options,
  usage: string,
) {
  try {
    return parseArgs({ options }).values
  } catch {
    throw new UsageError(usage)
  }
}
