// npm run create-platform -- --email E --name N [--account A]: creates the platform account and its first agent and operator.
import { clientName } from '../clients/client-name.ts'
import { AddressTakenError } from '../clients/create-client.ts'
import { createPlatform, PlatformExistsError } from '../clients/create-platform.ts'
import { ConfigurationError, readCreatePlatformConfig, readEncryptionKeys } from '../config.ts'
import { readEmail, readName } from '../invitations/person-to-invite.ts'
import { LINK_LIFE_MS } from '../platform/crypto/link-token.ts'
import { openDatabase } from '../platform/db/client.ts'
import { readOptions, runCommand, UsageError } from '../platform/run-command.ts'
import { startDatabaseClock } from '../platform/time/clock.ts'
import { durationText } from '../platform/time/duration-text.ts'
import { databaseUrlOf } from '../start/database-url.ts'
import { existingSecret } from '../start/secrets.ts'

const USAGE =
  'npm run create-platform -- --email <address> --name <full name> [--account <name of the platform account>]'

const OPTIONS = {
  email: { type: 'string', default: '' },
  name: { type: 'string', default: '' },
  account: { type: 'string', default: 'Platform' },
} as const

await runCommand(async () => {
  const person = readPerson()
  const { url, keys } = await readTarget()
  const pool = openDatabase(url, 'portcullis-found', 1)
  const clock = await startDatabaseClock(pool.sql)
  try {
    const { withdrawn } = await createPlatform(pool.db, { ...person, keys, now: clock.now() })
    for (const email of withdrawn)
      process.stdout.write(`The invitation of ${email}, who had not activated the account, is withdrawn.\n`)
    const life = durationText(LINK_LIFE_MS.invitation)
    process.stdout.write(`${person.email} is invited: the worker mails the link, which works for ${life}.\n`)
  } finally {
    clock.stop()
    await pool.close()
  }
}, [AddressTakenError, PlatformExistsError])

function readPerson(): { email: string; name: string; account: string } {
  const values = readOptions(OPTIONS, USAGE)
  const [email, name] = [readEmail(values.email), readName(values.name)]
  const account = clientName.safeParse(values.account)
  if ('problem' in email || 'problem' in name || !account.success) throw new UsageError(USAGE)
  return { ...email, ...name, account: account.data }
}

/** The configured database and keys, else those of the `npm start` that runs on DATA_DIR. */
async function readTarget() {
  const config = readCreatePlatformConfig(process.env)
  const url = await databaseUrlOf(config)
  if (config.ENCRYPTION_KEYS) return { url, keys: config.ENCRYPTION_KEYS }
  const kept = await existingSecret(config.DATA_DIR, 'encryption-keys')
  if (kept === null) throw new ConfigurationError(['ENCRYPTION_KEYS must be given: those the server has'])
  return { url, keys: readEncryptionKeys(kept) }
}
