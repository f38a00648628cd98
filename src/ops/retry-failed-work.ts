import { and, isNotNull, isNull } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { outbox } from '../platform/db/schema/outbox.ts'
import { asOperator, type Operation } from './as-operator.ts'

/**
 * Owes everything again that was given up. The worker compares the queues with the outbox and queues it, also what
 * the queues have forgotten by now. Works while the queue engine is away.
 */
export function retryFailedWork(
  deps: Pick<Deps, 'db' | 'clock'>,
  operation: Operation,
): Promise<'done' | 'not-allowed'> {
  return asOperator(deps, { ...operation, action: 'queue.failed-work-retried' }, async (tx, recordIt) => {
    const owed = await tx
      .update(outbox)
      .set({ failedAt: null, failure: null })
      .where(and(isNull(outbox.doneAt), isNotNull(outbox.failedAt)))
      .returning({ id: outbox.id })
    if (owed.length > 0) await recordIt({ jobs: owed.length })
    return 'done' as const
  })
}
