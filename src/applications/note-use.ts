import type { Transaction } from '../platform/db/client.ts'
import { applicationUses } from '../platform/db/schema/applications.ts'

/** Remembers that a user entered an application, since when and when last. */
export async function noteUse(
  tx: Transaction,
  use: { applicationId: string; userId: string },
  now: Date,
): Promise<void> {
  await tx
    .insert(applicationUses)
    .values({ ...use, firstUsedAt: now, lastUsedAt: now })
    .onConflictDoUpdate({
      target: [applicationUses.applicationId, applicationUses.userId],
      set: { lastUsedAt: now },
    })
}
