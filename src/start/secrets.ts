// The secrets that `npm start` creates and keeps in DATA_DIR, each in a file of its name.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keepFile, readIfThere } from './keep-file.ts'

/** In the form of the environment. */
const MAKE = {
  'session-secret': () => randomBytes(32).toString('base64url'),
  'encryption-keys': () => `k1:${randomBytes(32).toString('base64')}`,
  'audit-keys': () => `a1:${randomBytes(32).toString('base64')}`,
  'demo-application-secret': () => randomBytes(32).toString('base64url'),
  'postgres-password': () => randomBytes(24).toString('base64url'),
} as const

type SecretName = keyof typeof MAKE

/** Reads a secret, or creates it. */
export function keptSecret(dataDir: string, name: SecretName): Promise<string> {
  return keepFile(join(dataDir, name), MAKE[name])
}

/** Null if there is none: for commands that must not create one. */
export function existingSecret(dataDir: string, name: SecretName): Promise<string | null> {
  return readIfThere(join(dataDir, name))
}
