import { relationOf } from '../access/hierarchy.queries.ts'
import { ownAccount, type RefusedAct, recordRefusal } from '../access/record-refusal.ts'
import type { Refusal } from '../access/refusals.ts'
import type { Transaction } from '../platform/db/client.ts'
import type { approvals } from '../platform/db/schema/approvals.ts'

type Case = Pick<typeof approvals.$inferSelect, 'clientId' | 'userId'>

/** Records a refusal about a case. An unknown id and a case that the actor may not see look alike. */
export async function recordRefusedCase(
  tx: Transaction,
  about: Pick<RefusedAct, 'action' | 'now' | 'origin' | 'actor'>,
  { id, found, refusal }: { id: string; found: Case | null; refusal: Refusal },
): Promise<void> {
  const { actor } = about
  const concerned =
    found && refusal !== 'unknown'
      ? {
          clientId: found.clientId,
          relation: await relationOf(tx, actor.clientId, found.clientId),
          subjectId: found.userId,
        }
      : { ...ownAccount(actor), asked: id }
  await recordRefusal(tx, { ...about, ...concerned, refusal })
}
