import { and, isNotNull, isNull } from 'drizzle-orm'
import type { Origin } from '../audit/record.ts'
import { record } from '../audit/record.ts'
import { outbox } from '../db/schema/outbox.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'

/**
 * Owes everything again that was given up. The worker compares the queues with the outbox and queues it, also what
 * the queues have forgotten by now. Works while the queue engine is away.
 */
export function retryFailedWork(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { actor, origin }: { actor: Person; origin: Origin },
): Promise<void> {
  return db.transaction(async (tx) => {
    const owed = await tx
      .update(outbox)
      .set({ failedAt: null, failure: null })
      .where(and(isNull(outbox.doneAt), isNotNull(outbox.failedAt)))
      .returning({ id: outbox.id })
    if (owed.length === 0) return
    await record(tx, {
      at: clock.now(),
      action: 'queue.failed-work-retried',
      outcome: 'success',
      origin,
      clientId: actor.clientId,
      actorId: actor.id,
      subjectId: null,
      details: { jobs: owed.length },
    })
  })
}
