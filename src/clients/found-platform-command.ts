// npm run found -- --email E --name N [--account A]: begins a product without demo data.
import { LINK_LIFE_MS } from '../at-rest/link-token.ts'
import { readOptions, runCommand, UsageError } from '../command.ts'
import { readKeysConfig } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { readEmail, readName } from '../invitations/person-to-invite.ts'
import { startDatabaseClock } from '../time/clock.ts'
import { durationText } from '../time/duration-text.ts'
import { clientName } from './client-name.ts'
import { AddressTakenError } from './create-client.ts'
import { AlreadyFoundedError, foundPlatform } from './found-platform.ts'

const USAGE =
  'npm run found -- --email <address> --name <full name> [--account <name of the platform account>]'

const OPTIONS = {
  email: { type: 'string', default: '' },
  name: { type: 'string', default: '' },
  account: { type: 'string', default: 'Platform' },
} as const

await runCommand(async () => {
  const person = readPerson()
  const { DATABASE_URL, ENCRYPTION_KEYS } = readKeysConfig(process.env)
  const pool = openDatabase(DATABASE_URL, 'portcullis-found', 1)
  const clock = await startDatabaseClock(pool.sql)
  try {
    await foundPlatform(pool.db, { ...person, keys: ENCRYPTION_KEYS, now: clock.now() })
    const life = durationText(LINK_LIFE_MS.invitation)
    process.stdout.write(`${person.email} is invited: the worker mails the link, which works for ${life}.\n`)
  } finally {
    clock.stop()
    await pool.close()
  }
}, [AddressTakenError, AlreadyFoundedError])

function readPerson(): { email: string; name: string; account: string } {
  const values = readOptions(OPTIONS, USAGE)
  const [email, name] = [readEmail(values.email), readName(values.name)]
  const account = clientName.safeParse(values.account)
  if ('problem' in email || 'problem' in name || !account.success) throw new UsageError(USAGE)
  return { ...email, ...name, account: account.data }
}
