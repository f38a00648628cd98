import { and, eq } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { ActOutcome } from '../access/act-outcome.ts'
import { readEvidence } from '../access/evidence.ts'
import { judgeWithinAccount } from '../access/judge-account.ts'
import { refuseUnknown } from '../access/judge-actor.ts'
import { mayInvite } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Origin } from '../platform/audit/record.ts'
import { invitationImports } from '../platform/db/schema/invitation-imports.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'

/** Has a draft carried out, by whoever made it. A second time changes nothing. */
export async function confirmImport(
  deps: Deps,
  request: { actor: ActingSession; importId: string; form: unknown; origin: Origin },
): Promise<ActOutcome> {
  const { actor, importId, form, origin } = request
  return deps.db.transaction(async (tx): Promise<ActOutcome> => {
    const isThis = eq(invitationImports.id, isUuid(importId) ? importId : NIL)
    const mine = and(isThis, eq(invitationImports.importedBy, actor.userId))
    const [found] = await tx
      .select({ clientId: invitationImports.clientId })
      .from(invitationImports)
      .where(mine)
    const about = { actor, action: 'invitation.sent', origin } as const
    if (!found) return { ok: false, refusal: await refuseUnknown(deps, tx, { ...about, asked: importId }) }
    const verdict = await judgeWithinAccount(deps, tx, { ...about, clientId: found.clientId }, mayInvite)
    if (!verdict.allowed) return { ok: false, refusal: verdict.refusal }
    // After the actor, as by whoever takes in another file instead: else the two would wait for each other.
    const [draft] = await tx
      .select({ status: invitationImports.status })
      .from(invitationImports)
      .where(mine)
      .for('update')
    if (!draft) return { ok: false, refusal: 'unknown' }
    if (draft.status !== 'draft') return { ok: true }

    const { evidence, missing } = readEvidence(verdict.actor, form, { adminsSayWhy: false })
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
