import { and, eq, gt, isNull, or } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { applicationSecrets } from '../platform/db/schema/applications.ts'

/** Ends the secrets of an application at `until`. Those that end earlier stay as they are. */
export async function endSecrets(tx: Transaction, applicationId: string, until: Date): Promise<void> {
  const { expiresAt } = applicationSecrets
  await tx
    .update(applicationSecrets)
    .set({ expiresAt: until })
    .where(
      and(eq(applicationSecrets.applicationId, applicationId), or(isNull(expiresAt), gt(expiresAt, until))),
    )
}
