import { desc } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { auditSeals, auditUnsealed } from '../platform/db/schema/audit-seals.ts'

export interface Sealing {
  unsealed: number
  lastSealedAt: Date | null
}

export async function readSealing(db: Reader): Promise<Sealing> {
  const unsealed = await db.$count(auditUnsealed)
  const [last] = await db
    .select({ at: auditSeals.sealedAt })
    .from(auditSeals)
    .orderBy(desc(auditSeals.seq))
    .limit(1)
  return { unsealed, lastSealedAt: last?.at ?? null }
}
