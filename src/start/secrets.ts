// `npm start` creates these secrets and keeps them in DATA_DIR; the `existing…` functions never create one.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keepFile, readIfThere } from './keep-file.ts'

export function sessionSecret(dataDir: string): Promise<string> {
  return keepFile(join(dataDir, 'session-secret'), () => randomBytes(32).toString('base64url'))
}

export function encryptionKeys(dataDir: string): Promise<string> {
  return keepFile(encryptionKeysFile(dataDir), () => `k1:${randomBytes(32).toString('base64')}`)
}

export function existingEncryptionKeys(dataDir: string): Promise<string | null> {
  return readIfThere(encryptionKeysFile(dataDir))
}

export function auditKeys(dataDir: string): Promise<string> {
  return keepFile(auditKeysFile(dataDir), () => `a1:${randomBytes(32).toString('base64')}`)
}

export function existingAuditKeys(dataDir: string): Promise<string | null> {
  return readIfThere(auditKeysFile(dataDir))
}

export function postgresPassword(dataDir: string): Promise<string> {
  return keepFile(postgresPasswordFile(dataDir), () => randomBytes(24).toString('base64url'))
}

export function existingPostgresPassword(dataDir: string): Promise<string | null> {
  return readIfThere(postgresPasswordFile(dataDir))
}

const encryptionKeysFile = (dataDir: string) => join(dataDir, 'encryption-keys')
const auditKeysFile = (dataDir: string) => join(dataDir, 'audit-keys')
const postgresPasswordFile = (dataDir: string) => join(dataDir, 'postgres-password')
