// What every command of package.json shares: its arguments are read strictly, and what goes wrong is said in a line.
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ConfigurationError } from '../config.ts'
import { UnpatchedDriverError } from './db/client.ts'
import { describeError } from './log.ts'

/** Thrown for arguments that make no sense. The message says how the command is used. */
export class UsageError extends Error {
  constructor(usage: string) {
    super(`Usage: ${usage}`)
    this.name = 'UsageError'
  }
}

/**
 * Does the work of a command; exit code 1 if it fails. Of what whoever runs it can put right, which includes the
 * errors `expected`, the message says enough.
 */
export async function runCommand(
  work: () => Promise<void>,
  expected: readonly (new (...args: never[]) => Error)[] = [],
): Promise<void> {
  try {
    await work()
  } catch (error) {
    const kinds = [UsageError, ConfigurationError, UnpatchedDriverError, ...expected]
    const known = error instanceof Error && kinds.some((kind) => error instanceof kind)
    process.stderr.write(`${known ? error.message : JSON.stringify(describeError(error))}\n`)
    process.exitCode = 1
  }
}

/** The options that the command was given. Throws UsageError for any that it does not have. */
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
