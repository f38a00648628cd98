import type { Reader } from '../platform/db/client.ts'
import { type LockoutKey, readLockout, type StoredLockout } from './lockouts.queries.ts'
import type { LockoutState } from './policy.ts'
import { saveLockout } from './save-lockout.ts'

/**
 * Applies a pure change to a stored lockout: read, decide, store if nobody else did meanwhile, else again.
 * `decide` returns the state it was given to leave things as they are. `known`: the state, if just read.
 */
export async function changeLockout(
  db: Reader,
  key: LockoutKey,
  now: Date,
  decide: (state: StoredLockout) => LockoutState,
  known?: StoredLockout,
): Promise<void> {
  for (let read = known ?? (await readLockout(db, key)); ; read = await readLockout(db, key)) {
    const next = decide(read)
    if (next === read || (await saveLockout(db, key, read, next, now))) return
  }
}
