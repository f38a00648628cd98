import type { Response } from 'express'
import { noticeFor } from '../platform/http/notice.ts'
import type { Clock } from '../platform/time/clock.ts'
import { DAY, SECOND } from '../platform/time/durations.ts'
import { upToMinute } from '../platform/time/instant-text.ts'
import type { AttemptFailed } from './attempt-failed.ts'

export type LockKind = 'password' | 'browser' | 'code' | 'address' | 'disabled'

interface Lock {
  kind: LockKind
  /** Null: until a reset. */
  until: Date | null
  /** 401 if this attempt was checked and wrong. */
  status?: 401 | 429
}

/** `mayAsk`: the page offers to ask for a reset. The answer of `mayAskForReset`, as at its endpoint. */
export function renderLockPage(
  res: Response,
  clock: Clock,
  { kind, until, status = 429 }: Lock,
  mayAsk = false,
): void {
  if (kind === 'code' && status === 401 && res.locals.stage !== 'signed-in') showSignedOut(res)
  const waitMs = until ? until.getTime() - clock.now().getTime() : DAY
  res.set('Retry-After', String(Math.max(1, Math.ceil(waitMs / SECOND))))
  const notice = noticeFor(res.req)
  res.status(status).render('lockout/locked', {
    kind,
    until: until && upToMinute(until),
    resetBy: mayAsk && !notice ? res.locals.helper : null,
    notice,
  })
}

/** Answers an attempt that is locked (429) or that locked (401). False, and nothing answered, for any other. */
export function renderIfLocked(
  res: Response,
  clock: Clock,
  outcome: AttemptFailed<'password' | 'browser' | 'code'> | { problem: 'superseded' },
  mayAsk = false,
): boolean {
  if (outcome.problem === 'superseded') return false
  const { problem, kind, lockedUntil: until } = outcome
  if (problem === 'wrong' && until === null) return false
  renderLockPage(res, clock, { kind, until, status: problem === 'wrong' ? 401 : 429 }, mayAsk)
  return true
}

function showSignedOut(res: Response): void {
  res.locals.stage = 'signed-out'
  res.locals.person = null
}
