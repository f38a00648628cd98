import { isNotNull } from 'drizzle-orm'
import type { WorkerConfig } from '../config.ts'
import { whyUnfit } from '../platform/audit/seal-events.ts'
import { readLastSeals } from '../platform/audit/seals.queries.ts'
import { unseal } from '../platform/crypto/sealed-secret.ts'
import type { Database } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { readSigningKeys } from '../signing-keys/signing-keys.queries.ts'
import { type Finding, findingsAbout, reasonOf } from './finding.ts'

/** Some are enough to notice a missing key. `npm run keys:rotate` opens every one. */
const OPENED = 1_000

/** Whether the encryption keys open what was sealed, and the audit keys made the last seal. */
export async function checkKeys(
  db: Database,
  { ENCRYPTION_KEYS, AUDIT_KEYS }: WorkerConfig,
): Promise<Finding[]> {
  return [
    await checkSecrets(db, ENCRYPTION_KEYS),
    await checkSigningKeys(db, ENCRYPTION_KEYS),
    await checkAuditKeys(db, AUDIT_KEYS),
  ]
}

async function checkAuditKeys(db: Database, keys: WorkerConfig['AUDIT_KEYS']): Promise<Finding> {
  const { ok, problem } = findingsAbout('audit keys')
  const { last, before } = await readLastSeals(db)
  if (!last || last.keyId === null) return ok('No seal was made with a key yet.')
  const unfit = whyUnfit(last, before, keys)
  return unfit
    ? problem(`The last seal is not theirs: ${unfit}. The worker seals nothing until it is.`)
    : ok('They made the last seal of the audit log.')
}

async function checkSecrets(db: Database, keys: WorkerConfig['ENCRYPTION_KEYS']): Promise<Finding> {
  const { ok, problem } = findingsAbout('encryption keys')
  const { id: authenticatorId, userId, sealedSecret } = authenticators
  const rows = await db
    .select({ authenticatorId, userId, sealedSecret })
    .from(authenticators)
    .where(isNotNull(sealedSecret))
    .limit(OPENED)
  const closed = rows.filter(({ sealedSecret, ...of }) => sealedSecret && !opens(sealedSecret, of, keys))
  return closed.length === 0
    ? ok(`${rows.length} secrets of authenticators were opened.`)
    : problem(
        `${closed.length} of ${rows.length} secrets of authenticators do not open: their users cannot sign in. Is an older key missing from ENCRYPTION_KEYS?`,
      )
}

function opens(...sealed: Parameters<typeof unseal>): boolean {
  try {
    unseal(...sealed)
    return true
  } catch {
    return false
  }
}

async function checkSigningKeys(db: Database, keys: WorkerConfig['ENCRYPTION_KEYS']): Promise<Finding> {
  const { ok, warning, problem } = findingsAbout('signing keys')
  try {
    const found = await readSigningKeys(db, keys, new Date())
    return found.length > 0
      ? ok(`${found.length} are published for applications.`)
      : warning('There are none yet. Web makes them at its first start.')
  } catch (error) {
    return problem(`They do not open (${reasonOf(error)}).`)
  }
}
