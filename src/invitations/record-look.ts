import { and, eq, isNull } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import { invitationImportLines, invitationImports } from '../platform/db/schema/invitation-imports.ts'
import type { Import } from './imports.queries.ts'

/**
 * Opens the preview of a draft after a step-up. Records once how many of its addresses are taken, so that probing for
 * addresses is visible.
 */
export async function recordLook(
  { db, clock }: Deps,
  { id, clientId, lookedAt }: Pick<Import, 'id' | 'clientId' | 'lookedAt'>,
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
