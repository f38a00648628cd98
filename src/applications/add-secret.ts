import { randomBytes } from 'node:crypto'
import { hashToken } from '../platform/crypto/link-token.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applicationSecrets } from '../platform/db/schema/applications.ts'

const SECRET_BYTES = 32

/** Adds a client secret. It is returned once, and only its hash is stored. */
export async function addSecret(
  tx: Transaction,
  { applicationId, createdBy, now }: { applicationId: string; createdBy: string | null; now: Date },
  secret = randomBytes(SECRET_BYTES).toString('base64url'),
): Promise<string> {
  await tx
    .insert(applicationSecrets)
    .values({ applicationId, secretHash: hashToken(secret), createdAt: now, createdBy })
  return secret
}
