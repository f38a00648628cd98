// npm run keys:rotate-signing [-- --emergency]: publishes new signing keys, which sign in a day, or at once.
import { readKeysConfig } from '../config.ts'
import { openDatabase } from '../platform/db/client.ts'
import { readOptions, runCommand } from '../platform/run-command.ts'
import { startDatabaseClock } from '../platform/time/clock.ts'
import { rotateSigningKeys } from '../signing-keys/rotate-signing-keys.ts'

const USAGE = 'npm run keys:rotate-signing [-- --emergency]'

await runCommand(async () => {
  const { emergency } = readOptions({ emergency: { type: 'boolean', default: false } }, USAGE)
  const config = readKeysConfig(process.env)
  const pool = openDatabase(config.DATABASE_URL, 'portcullis-keys-rotate-signing', 1)
  const clock = await startDatabaseClock(pool.sql)
  try {
    const mode = emergency ? 'at-once' : 'with-notice'
    const { create, leave } = await rotateSigningKeys({ db: pool.db, clock, config }, mode)
    for (const { alg, signsFrom } of create)
      process.stdout.write(`A new ${alg} key is published. It signs from ${signsFrom.toISOString()}.\n`)
    for (const { kid, leavesAt } of leave)
      process.stdout.write(`Key ${kid} leaves the JWKS at ${leavesAt.toISOString()}.\n`)
    if (create.length === 0) process.stdout.write('New keys are published already. They do not sign yet.\n')
    if (emergency)
      process.stdout.write(
        'Applications that cache the JWKS refuse new tokens until they read it again: restart them.\n',
      )
  } finally {
    clock.stop()
    await pool.close()
  }
})
