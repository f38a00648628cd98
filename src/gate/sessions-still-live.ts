import { and, eq, sql } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { preparedOnce } from '../db/prepared-once.ts'
import { users } from '../db/schema/users.ts'
import type { Person } from './facts.ts'

/**
 * Locks a person's row for the rest of the transaction. False if their sessions were ended since the gate let this
 * request in (a reset, another password, an end from elsewhere): then it may change nothing any more.
 */
export async function sessionsStillLive(
  tx: Transaction,
  { id, sessionEpoch }: Pick<Person, 'id' | 'sessionEpoch'>,
): Promise<boolean> {
  const locked = await lockIfLive(tx).execute({ id, sessionEpoch })
  return locked.length === 1
}

const lockIfLive = preparedOnce((tx: Transaction) =>
  tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, sql.placeholder('id')), eq(users.sessionEpoch, sql.placeholder('sessionEpoch'))))
    // Not 'update': what only refers to the person (a mail that is owed) need not wait.
    .for('no key update')
    .prepare('lock_if_live'),
)
