// The secrets that `npm start` makes for itself and keeps in DATA_DIR, in the form the environment has them.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keepFile, readIfThere } from './keep-file.ts'

/** The secret that signs session cookies; made at the first start. */
export function sessionSecret(dataDir: string): Promise<string> {
  return keepFile(join(dataDir, 'session-secret'), () => randomBytes(32).toString('base64url'))
}

/** The keys that seal secrets, as ENCRYPTION_KEYS has them; made at the first start. */
export function encryptionKeys(dataDir: string): Promise<string> {
  return keepFile(encryptionKeysFile(dataDir), () => `k1:${randomBytes(32).toString('base64')}`)
}

/** The keys that a start has made, or null where none has: for commands that must not make some of their own. */
export function existingEncryptionKeys(dataDir: string): Promise<string | null> {
  return readIfThere(encryptionKeysFile(dataDir))
}

/** The keys that seal the audit log, as AUDIT_KEYS has them; made at the first start. */
export function auditKeys(dataDir: string): Promise<string> {
  return keepFile(auditKeysFile(dataDir), () => `a1:${randomBytes(32).toString('base64')}`)
}

/** The same where a start has made them, or null. */
export function existingAuditKeys(dataDir: string): Promise<string | null> {
  return readIfThere(auditKeysFile(dataDir))
}

/** The password of the embedded PostgreSQL; made at the first start. */
export function postgresPassword(dataDir: string): Promise<string> {
  return keepFile(postgresPasswordFile(dataDir), () => randomBytes(24).toString('base64url'))
}

/** The same where a start has made it, or null. */
export function existingPostgresPassword(dataDir: string): Promise<string | null> {
  return readIfThere(postgresPasswordFile(dataDir))
}

const encryptionKeysFile = (dataDir: string) => join(dataDir, 'encryption-keys')
const auditKeysFile = (dataDir: string) => join(dataDir, 'audit-keys')
const postgresPasswordFile = (dataDir: string) => join(dataDir, 'postgres-password')
