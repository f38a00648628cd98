// npm run seed -- --users N [--enrolled M] [--accounts A | --into <client name>]: prints credentials as JSON lines.
import { ConfigurationError, type EncryptionKey, readEncryptionKeys, readSeedConfig } from '../config.ts'
import { type BulkRequest, bulkSeed, UnknownClientError } from '../demo/bulk-seed.ts'
import { openDatabase } from '../platform/db/client.ts'
import { readOptions, runCommand, UsageError } from '../platform/run-command.ts'
import { databaseUrlOf } from '../start/database-url.ts'
import { existingSecret } from '../start/secrets.ts'
import { showProgress } from './show-progress.ts'

const USAGE = 'npm run seed -- --users N [--enrolled M] [--accounts A | --into <client name>]'

const OPTIONS = {
  users: { type: 'string' },
  enrolled: { type: 'string', default: '0' },
  accounts: { type: 'string' },
  into: { type: 'string' },
} as const

await runCommand(async () => {
  const request = readRequest()
  const { url, keys } = await readTarget(request)
  const pool = openDatabase(url, 'portcullis-seed', 1)
  try {
    await bulkSeed(pool.db, request, {
      keys,
      onProgress: showProgress(request.users, process.stderr),
      onEnrolled: (user) => process.stdout.write(`${JSON.stringify(user)}\n`),
    })
  } finally {
    await pool.close()
  }
}, [UnknownClientError])

function readRequest(): BulkRequest {
  const values = readOptions(OPTIONS, USAGE)
  const request = {
    users: Number(values.users),
    enrolled: Number(values.enrolled),
    accounts: values.accounts === undefined ? null : Number(values.accounts),
    into: values.into ?? null,
  }
  const { users, enrolled, accounts, into } = request
  const whole = [users, enrolled, accounts ?? 1].every((number) => Number.isInteger(number) && number >= 0)
  const sensible = users > 0 && enrolled <= users && accounts !== 0 && (accounts === null || into === null)
  if (!whole || !sensible) throw new UsageError(USAGE)
  return request
}

/** The configured database and keys, else those of the `npm start` that runs on DATA_DIR. */
async function readTarget({ enrolled }: BulkRequest): Promise<{ url: string; keys: EncryptionKey[] }> {
  const config = readSeedConfig(process.env)
  // A configured database may be a production one.
  if (!(config.DEMO_DATA ?? config.DATABASE_URL === undefined))
    throw new ConfigurationError(['DEMO_DATA must be on: this fills the database with made-up users'])

  const url = await databaseUrlOf(config)
  const kept = config.ENCRYPTION_KEYS ? null : await existingSecret(config.DATA_DIR, 'encryption-keys')
  const keys = config.ENCRYPTION_KEYS ?? (kept === null ? [] : readEncryptionKeys(kept))
  if (enrolled > 0 && keys.length === 0)
    throw new ConfigurationError(['ENCRYPTION_KEYS must be given: those the server has, to seal the secrets'])
  return { url, keys }
}
