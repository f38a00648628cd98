import { and, type SQL, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { oidcArtifacts, oidcGrants } from '../platform/db/schema/oidc.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { isOpen } from './live-grants.queries.ts'

/** Ends grants with all their codes and tokens. A trigger tells the applications. Returns those that were open. */
export async function endOpenGrants(tx: Transaction, which: SQL | undefined, now: Date) {
  // The grants before what hangs on them: a fixed order of locks.
  const ended = await tx.update(oidcGrants).set({ endedAt: now }).where(and(which, isOpen)).returning({
    id: oidcGrants.id,
    applicationId: oidcGrants.applicationId,
    userId: oidcGrants.userId,
  })
  if (ended.length > 0) {
    const ids = uuidArray(ended.map(({ id }) => id))
    await tx.delete(oidcArtifacts).where(sql`${oidcArtifacts.grantId} = any(${ids})`)
  }
  return ended
}
