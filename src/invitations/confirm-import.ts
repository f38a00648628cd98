import { and, eq } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { ActRequest } from '../access/act-request.ts'
import { readDeskEvidence } from '../access/evidence.ts'
import { judgeWithinAccount, refuseUnknown } from '../access/judge.ts'
import type { Outcome } from '../access/outcome.ts'
import { mayInvite } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { invitationImports } from '../platform/db/schema/invitation-imports.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'

/** Confirms a draft of the actor's own, so that the job invites its people. Repeated, it changes nothing. */
export async function confirmImport(
  deps: Deps,
  request: ActRequest & { importId: string },
): Promise<Outcome> {
  const { actor, importId, form, origin } = request
  return deps.db.transaction(async (tx): Promise<Outcome> => {
    const isThis = eq(invitationImports.id, isUuid(importId) ? importId : NIL)
    const mine = and(isThis, eq(invitationImports.importedBy, actor.userId))
    const [found] = await tx
      .select({ clientId: invitationImports.clientId })
      .from(invitationImports)
      .where(mine)
    const about = { actor, action: 'invitation.sent', origin } as const
    if (!found) return refuseUnknown(deps, tx, { ...about, asked: importId })
    const verdict = await judgeWithinAccount(deps, tx, { ...about, clientId: found.clientId }, mayInvite)
    if (!verdict.ok) return verdict
    // Locks the actor before the import, as drafting another file does: the other order would deadlock.
    const [draft] = await tx
      .select({ status: invitationImports.status })
      .from(invitationImports)
      .where(mine)
      .for('update')
    if (!draft) return { ok: false, refusal: 'unknown' }
    if (draft.status !== 'draft') return { ok: true }

    const { evidence, missing } = readDeskEvidence(verdict.actor, form)
    if (!evidence) return { ok: false, refusal: null, missing }
    const { reason, ticket } = evidence
    await tx
      .update(invitationImports)
      .set({ status: 'confirmed', confirmedAt: verdict.now, origin, reason, ticket })
      .where(isThis)
    await enqueue(tx, 'import-invitations', { importId })
    return { ok: true }
  })
}
