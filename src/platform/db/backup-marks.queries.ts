import { desc } from 'drizzle-orm'
import type { Reader } from './client.ts'
import { backupMarks } from './schema/operations.ts'

/** When a back-up was last completed; null if none was ever marked. */
export async function readLastBackup(db: Reader): Promise<Date | null> {
  const [mark] = await db
    .select({ at: backupMarks.at })
    .from(backupMarks)
    .orderBy(desc(backupMarks.id))
    .limit(1)
  return mark?.at ?? null
}
