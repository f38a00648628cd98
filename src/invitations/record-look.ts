import { and, eq, isNull } from 'drizzle-orm'
import { type Origin, record } from '../audit/record.ts'
import { invitationImportLines, invitationImports } from '../db/schema/invitation-imports.ts'
import type { Deps } from '../deps.ts'
import type { Import } from './imports.queries.ts'

/**
 * Records, once, how many addresses of a file somebody has: whoever tries out addresses is seen. At the first look, not
 * when the file is taken in: who has not proven to be there learns nothing from the audit log either.
 */
export async function recordLook(
  { db, clock }: Deps,
  { id, clientId, lookedAt }: Import,
  actorId: string,
  origin: Origin,
): Promise<void> {
  if (lookedAt) return
  await db.transaction(async (tx) => {
    const now = clock.now()
    const first = await tx
      .update(invitationImports)
      .set({ lookedAt: now })
      .where(and(eq(invitationImports.id, id), isNull(invitationImports.lookedAt)))
      .returning({ id: invitationImports.id })
    if (first.length === 0) return
    const { importId, outcome } = invitationImportLines
    const lines = await tx.$count(invitationImportLines, and(eq(importId, id), eq(outcome, 'taken')))
    if (lines === 0) return
    await record(tx, {
      at: now,
      action: 'invitation.sent',
      outcome: 'failure',
      origin,
      clientId,
      actorId,
      subjectId: null,
      details: { problem: 'address-taken', lines },
    })
  })
}
