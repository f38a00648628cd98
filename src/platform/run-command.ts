import { type ParseArgsConfig, parseArgs } from 'node:util'
import { ConfigurationError } from '../config.ts'
import { UnpatchedDriverError } from './db/client.ts'
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
    const kinds = [UsageError, ConfigurationError, UnpatchedDriverError, ...expected]
    const known = error instanceof Error && kinds.some((kind) => error instanceof kind)
    process.stderr.write(`${known ? error.message : JSON.stringify(describeError(error))}\n`)
    process.exitCode = 1
  }
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
