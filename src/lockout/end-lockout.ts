import { NO_REQUEST, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { notify } from '../platform/mail/notify.ts'
import { saveLockout } from './change-lockout.ts'
import { ownerOfCount } from './known-browsers.queries.ts'
import { type LockoutKey, readLockout } from './lockouts.queries.ts'
import { expireLock, lockInForce } from './policy.ts'
import { whereOf } from './record-lockout.ts'

/** Late or repeated it does nothing. Returns when to run again if it is too early. */
export async function endLockout(
  tx: Transaction,
  key: LockoutKey,
  now: Date,
): Promise<{ again: Date } | null> {
  const read = await readLockout(tx, key)
  const inForce = lockInForce(read, now)
  if (inForce) return { again: inForce }
  if (read.lockedUntil === null) return null
  if (!(await saveLockout(tx, key, read, expireLock(read), now))) return { again: now }

  const owner = await ownerOfCount(tx, key.subject)
  if (!owner) return null
  const { browserId } = owner
  const eventId = await record(tx, {
    at: now,
    action: 'lockout.ended',
    outcome: 'success',
    origin: NO_REQUEST,
    clientId: owner.clientId,
    actorId: null,
    subjectId: owner.id,
    details: { kind: key.kind, ...(browserId && { knownBrowser: browserId }) },
  })
  const facts = { kind: key.kind, where: whereOf(browserId) }
  await notify(tx, { to: owner.id, kind: 'lockout-ended', eventId, facts })
  return null
}
