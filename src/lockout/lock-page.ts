import type { Response } from 'express'
import { noticeFor } from '../platform/http/notice.ts'
import type { Clock } from '../platform/time/clock.ts'
import { DAY, SECOND } from '../platform/time/durations.ts'
import { upToMinute } from '../platform/time/instant-text.ts'
import type { AttemptFailed } from './attempt-failed.ts'

export type LockKind = 'password' | 'browser' | 'code' | 'address' | 'disabled'

/** 401 if this attempt was checked and wrong, else 429. `until` null: until a reset. */
export function renderLockPage(
  res: Response,
  clock: Clock,
  { kind, until, status = 429 }: { kind: LockKind; until: Date | null; status?: 401 | 429 },
): void {
  const { person, stage } = res.locals
  const mayAsk = (kind === 'code' || kind === 'disabled') && stage !== 'signed-in' && person?.authenticator
  const helper: string = res.locals.helper
  if (kind === 'code' && status === 401 && res.locals.stage !== 'signed-in') showSignedOut(res)
  const waitMs = until ? until.getTime() - clock.now().getTime() : DAY
  res.set('Retry-After', String(Math.max(1, Math.ceil(waitMs / SECOND))))
  const notice = noticeFor(res.req)
  res.status(status).render('lockout/locked', {
    kind,
    until: until && upToMinute(until),
    resetBy: mayAsk && !notice ? helper : null,
    notice,
  })
}

/** Answers an attempt that is locked (429) or that locked (401). False, and nothing answered, for any other. */
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

function showSignedOut(res: Response): void {
  res.locals.stage = 'signed-out'
  res.locals.person = null
}
