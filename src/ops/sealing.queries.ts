import { desc } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { auditSeals, auditUnsealed } from '../platform/db/schema/audit-seals.ts'

/** How far the chain over the audit log is. */
export interface Sealing {
  /** Events that wait to be sealed. */
  unsealed: number
  /** Null: nothing was sealed yet. */
  lastSealedAt: Date | null
}

/** How far the chain is now. */
export async function readSealing(db: Reader): Promise<Sealing> {
  const unsealed = await db.$count(auditUnsealed)
  const [last] = await db
    .select({ at: auditSeals.sealedAt })
    .from(auditSeals)
    .orderBy(desc(auditSeals.seq))
    .limit(1)
  return { unsealed, lastSealedAt: last?.at ?? null }
}
