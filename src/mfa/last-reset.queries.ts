import { desc, eq } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'

export async function readLastReset(db: Reader, userId: string): Promise<Date | null> {
  const [last] = await db
    .select({ requestedAt: mfaResets.requestedAt })
    .from(mfaResets)
    .where(eq(mfaResets.userId, userId))
    .orderBy(desc(mfaResets.id))
    .limit(1)
  return last?.requestedAt ?? null
}
