import { and, isNotNull, isNull } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { outbox } from '../platform/db/schema/outbox.ts'
import { asOperator, type Operation } from './as-operator.ts'

/** Makes given-up outbox rows pending; the worker adds the missing jobs. Works while the queue engine is away. */
export function retryFailedWork(
  deps: Pick<Deps, 'db' | 'clock'>,
  operation: Operation,
): Promise<'done' | 'not-allowed'> {
  return asOperator(deps, { ...operation, action: 'queue.failed-work-retried' }, async (tx, recordIt) => {
    const retried = await tx
      .update(outbox)
      .set({ failedAt: null, failure: null })
      .where(and(isNull(outbox.doneAt), isNotNull(outbox.failedAt)))
      .returning({ id: outbox.id })
    if (retried.length > 0) await recordIt({ jobs: retried.length })
    return 'done' as const
  })
}
