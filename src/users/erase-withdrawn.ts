import { and, eq, isNull, lt } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { users } from '../platform/db/schema/users.ts'
import { erasePersonalData } from './erase-personal-data.ts'

const BATCH = 100

/** Erases the people whose invitation was withdrawn before `before`, a batch of them. Returns whether more may be left. */
export async function eraseWithdrawn(tx: Transaction, before: Date, now: Date): Promise<boolean> {
  // By a process of a release that did not note the time.
  await tx
    .update(users)
    .set({ withdrawnAt: now })
    .where(and(eq(users.status, 'withdrawn'), isNull(users.withdrawnAt)))
  const due = await tx
    .select({ id: users.id, email: users.email })
    .from(users)
    .where(and(lt(users.withdrawnAt, before), isNull(users.erasedAt)))
    .limit(BATCH)
    .for('update', { skipLocked: true })
  for (const person of due) await erasePersonalData(tx, person, now)
  return due.length === BATCH
}
