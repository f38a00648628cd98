import type { Response } from 'express'
import type { Clock } from '../clock.ts'
import { DAY, SECOND } from '../durations.ts'

/** Who is kept waiting: the password or code count of an account, an address, or a disabled authenticator. */
export type LockKind = 'password' | 'code' | 'address' | 'disabled'

/**
 * The page of whoever must wait, with Retry-After. 429 unless this very attempt was checked and wrong (401).
 * `until` null: no time ends it, only a reset.
 */
export function renderLockPage(
  res: Response,
  clock: Clock,
  { kind, until, status = 429 }: { kind: LockKind; until: Date | null; status?: 401 | 429 },
): void {
  if (kind === 'code' && status === 401) showSignedOut(res)
  const waitMs = until ? until.getTime() - clock.now().getTime() : DAY
  res.set('Retry-After', String(Math.max(1, Math.ceil(waitMs / SECOND))))
  res.status(status).render('sign-in/locked', { kind, until })
}

/** A code lock has just ended the half-way sign-in that this answer goes to. */
function showSignedOut(res: Response): void {
  res.locals.stage = 'signed-out'
  res.locals.person = null
}
