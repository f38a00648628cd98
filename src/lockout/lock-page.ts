import type { Response } from 'express'
import type { Clock } from '../platform/time/clock.ts'
import { DAY, SECOND } from '../platform/time/durations.ts'
import { upToMinute } from '../platform/time/instant-text.ts'
import type { AttemptFailed } from './attempt-failed.ts'

/**
 * What keeps a person waiting: the password or code count of an account, the password count of this browser, a network
 * address, or a disabled authenticator.
 */
export type LockKind = 'password' | 'browser' | 'code' | 'address' | 'disabled'

/**
 * The page of whoever must wait, with Retry-After. 429 unless this very attempt was checked and wrong (401).
 * `until` null: no time ends it, only a reset.
 */
export function renderLockPage(
  res: Response,
  clock: Clock,
  { kind, until, status = 429 }: { kind: LockKind; until: Date | null; status?: 401 | 429 },
): void {
  if (kind === 'code' && status === 401 && res.locals.stage !== 'signed-in') showSignedOut(res)
  const waitMs = until ? until.getTime() - clock.now().getTime() : DAY
  res.set('Retry-After', String(Math.max(1, Math.ceil(waitMs / SECOND))))
  res.status(status).render('lockout/locked', { kind, until: until && upToMinute(until) })
}

/**
 * Answers an attempt that was refused as locked, and one that was wrong and locked by it: 429 and 401. False,
 * with nothing answered, for all others: the form is shown again.
 */
export function renderIfLocked(
  res: Response,
  clock: Clock,
  outcome: AttemptFailed<'password' | 'browser' | 'code'> | { problem: 'superseded' },
): boolean {
  if (outcome.problem === 'superseded') return false
  const { problem, kind, lockedUntil: until } = outcome
  if (problem === 'wrong' && until === null) return false
  renderLockPage(res, clock, { kind, until, status: problem === 'wrong' ? 401 : 429 })
  return true
}

/** A code lock has just ended the half-way sign-in that this answer goes to. */
function showSignedOut(res: Response): void {
  res.locals.stage = 'signed-out'
  res.locals.person = null
}
