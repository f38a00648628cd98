import { eq } from 'drizzle-orm'
import { NO_REQUEST, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { users } from '../db/schema/users.ts'
import { notify } from '../notifications/notify.ts'
import { type LockoutKey, readLockout } from './lockouts.queries.ts'
import { endLock, lockInForce } from './policy.ts'
import { saveLockout } from './save-lockout.ts'

/**
 * Clears a lock whose time is over, records it and tells the user. The lock itself ended by comparison with
 * its time; a late or repeated call changes nothing. Returns when to come back if it is too early.
 */
export async function endLockout(
  tx: Transaction,
  key: LockoutKey,
  now: Date,
): Promise<{ again: Date } | null> {
  const read = await readLockout(tx, key)
  const inForce = lockInForce(read, now)
  if (inForce) return { again: inForce }
  if (read.lockedUntil === null) return null
  if (!(await saveLockout(tx, key, read, endLock(read), now))) return { again: now }

  const [user] = await tx
    .select({ id: users.id, clientId: users.clientId })
    .from(users)
    .where(eq(users.id, key.subject))
  if (!user) return null
  const eventId = await record(tx, {
    at: now,
    action: 'lockout.ended',
    outcome: 'success',
    origin: NO_REQUEST,
    clientId: user.clientId,
    actorId: null,
    subjectId: user.id,
    details: { kind: key.kind },
  })
  await notify(tx, { to: user.id, kind: 'lockout-ended', eventId, facts: { kind: key.kind } })
  return null
}
