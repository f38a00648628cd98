import { and, isNotNull, isNull } from 'drizzle-orm'
import { record } from '../audit/record.ts'
import { outbox } from '../db/schema/outbox.ts'
import type { Deps } from '../deps.ts'
import type { Operation } from './change-jobs.ts'
import { currentOperator } from './current-operator.ts'

/**
 * Owes everything again that was given up. The worker compares the queues with the outbox and queues it, also what
 * the queues have forgotten by now. Works while the queue engine is away. False, and nothing is done, for whoever is
 * no operator any more.
 */
export function retryFailedWork(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { actor, origin }: Operation,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const now = clock.now()
    const operator = await currentOperator(tx, actor, now)
    if (!operator) return false
    const owed = await tx
      .update(outbox)
      .set({ failedAt: null, failure: null })
      .where(and(isNull(outbox.doneAt), isNotNull(outbox.failedAt)))
      .returning({ id: outbox.id })
    if (owed.length === 0) return true
    await record(tx, {
      at: now,
      action: 'queue.failed-work-retried',
      outcome: 'success',
      origin,
      clientId: operator.clientId,
      actorId: operator.id,
      subjectId: null,
      details: { jobs: owed.length },
    })
    return true
  })
}
