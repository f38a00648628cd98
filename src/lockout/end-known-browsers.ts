import { and, eq, isNull } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'

/** Attempts there count on the user again. Returns the number of browsers ended. */
export async function endKnownBrowsers(
  tx: Transaction,
  userId: string,
  now: Date,
  browserId: string | null = null,
): Promise<number> {
  const ended = await tx
    .update(knownBrowsers)
    .set({ endedAt: now })
    .where(
      and(
        eq(knownBrowsers.userId, userId),
        isNull(knownBrowsers.endedAt),
        browserId === null ? undefined : eq(knownBrowsers.id, browserId),
      ),
    )
    .returning({ id: knownBrowsers.id })
  return ended.length
}
