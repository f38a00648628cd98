// npm run keys:rotate: seals stored secrets with the first of ENCRYPTION_KEYS; exit code 1 if one cannot be opened.
import { readKeysConfig } from '../config.ts'
import { countSecrets, rotateKeys } from '../mfa/rotate-keys.ts'
import { LINK_LIFE_MS } from '../platform/crypto/link-token.ts'
import { openDatabase } from '../platform/db/client.ts'
import { runCommand } from '../platform/run-command.ts'
import { startDatabaseClock } from '../platform/time/clock.ts'
import { durationText } from '../platform/time/duration-text.ts'
import { resealSigningKeys } from '../signing-keys/reseal-signing-keys.ts'
import { showProgress } from './show-progress.ts'

await runCommand(async () => {
  const { DATABASE_URL, ENCRYPTION_KEYS } = readKeysConfig(process.env)
  const pool = openDatabase(DATABASE_URL, 'portcullis-keys-rotate', 2)
  const clock = await startDatabaseClock(pool.sql)
  try {
    const progress = showProgress(await countSecrets(pool.db), process.stderr, 'secrets')
    const { resealed, unreadable } = await rotateKeys(pool.db, ENCRYPTION_KEYS, clock.now(), progress)
    const signing = await resealSigningKeys(pool.db, ENCRYPTION_KEYS, clock.now())
    process.stdout.write(
      `${resealed} secrets and ${signing.resealed} signing keys were sealed anew with key '${ENCRYPTION_KEYS[0]?.id}'.\n`,
    )
    const life = durationText(LINK_LIFE_MS.invitation)
    process.stdout.write(
      `Keep an older key until the links it made have run out (${life} for invitations), then remove it.\n`,
    )
    process.stdout.write(
      'Secrets sealed before 2026-12 did not name their user; such a seal opens until its key is removed.\n',
    )
    for (const id of unreadable) process.stderr.write(`No key opens the secret of authenticator ${id}.\n`)
    for (const kid of signing.unreadable) process.stderr.write(`No key opens the signing key ${kid}.\n`)
    if (unreadable.length + signing.unreadable.length > 0) process.exitCode = 1
  } finally {
    clock.stop()
    await pool.close()
  }
})
