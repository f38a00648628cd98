import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readEncryptionKeys } from '../../src/config.ts'
import { keepFile } from '../../src/start/keep-file.ts'
import { existingSecret, keptSecret } from '../../src/start/secrets.ts'
import { testFolder } from '../support/run-folder.ts'

test('a secret is made once by many at once, and only its owner may read it', async () => {
  const folder = await testFolder()
  const path = join(folder, 'secret')

  const secrets = await Promise.all(
    Array.from({ length: 50 }, () => keepFile(path, () => randomBytes(16).toString('hex'))),
  )

  assert.equal(new Set(secrets).size, 1)
  assert.equal(await keepFile(path, () => 'another'), secrets[0])
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(folder), ['secret'])
})

test('the configuration accepts the secrets that a start makes', async () => {
  const folder = await testFolder()
  assert.equal(await existingSecret(folder, 'encryption-keys'), null)

  const keys = await keptSecret(folder, 'encryption-keys')

  assert.equal(readEncryptionKeys(keys)[0]?.key.length, 32)
  assert.equal(await existingSecret(folder, 'encryption-keys'), keys)
  assert.ok((await keptSecret(folder, 'session-secret')).length >= 32)
})
