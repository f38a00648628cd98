// npm run found -- --email E --name N [--account A]: begins a product without demo data.
import { parseArgs } from 'node:util'
import { startDatabaseClock } from '../clock.ts'
import { ConfigurationError, readKeysConfig } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { readEmail, readName } from '../invitations/person-to-invite.ts'
import { describeError } from '../log.ts'
import { clientName } from './client-name.ts'
import { AddressTakenError } from './create-client.ts'
import { AlreadyFoundedError, foundPlatform } from './found-platform.ts'

const USAGE =
  'Usage: npm run found -- --email <address> --name <full name> [--account <name of the platform account>]'

class UsageError extends Error {
  constructor() {
    super(USAGE)
  }
}
const EXPECTED = [UsageError, ConfigurationError, AddressTakenError, AlreadyFoundedError]

try {
  const person = readPerson()
  const { DATABASE_URL, ENCRYPTION_KEYS } = readKeysConfig(process.env)
  const pool = openDatabase(DATABASE_URL, 'portcullis-found', 1)
  const clock = await startDatabaseClock(pool.sql)
  try {
    await foundPlatform(pool.db, { ...person, keys: ENCRYPTION_KEYS, now: clock.now() })
    process.stdout.write(`${person.email} is invited: the worker mails the link, which works for 7 days.\n`)
  } finally {
    clock.stop()
    await pool.close()
  }
} catch (error) {
  const expected = error instanceof Error && EXPECTED.some((known) => error instanceof known)
  process.stderr.write(`${expected ? error.message : JSON.stringify(describeError(error))}\n`)
  process.exitCode = 1
}

function readPerson(): { email: string; name: string; account: string } {
  const values = readArguments()
  const [email, name] = [readEmail(values.email), readName(values.name)]
  const account = clientName.safeParse(values.account)
  if ('problem' in email || 'problem' in name || !account.success) throw new UsageError()
  return { ...email, ...name, account: account.data }
}

function readArguments() {
  try {
    const options = {
      email: { type: 'string', default: '' },
      name: { type: 'string', default: '' },
      account: { type: 'string', default: 'Platform' },
    } as const
    return parseArgs({ options }).values
  } catch {
    throw new UsageError()
  }
}
