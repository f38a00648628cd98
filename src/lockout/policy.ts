// The lockout policy. Pure: every decision about counting and locking is made here, from stored times and now.

export interface LockoutPolicy {
  /** Failures within `windowMs` that lock. */
  attempts: number
  windowMs: number
  /** The first lock; each repeat doubles it, up to `maxDurationMs`. */
  durationMs: number
  maxDurationMs: number
}

export interface LockoutState {
  /** Failures that may still count, oldest first. */
  failedAt: readonly Date[]
  consecutiveFailures: number
  repeats: number
  /** When the last lock began; kept after it ends: half-way sign-ins from before it stay dead. */
  lockedAt: Date | null
  lockedUntil: Date | null
}

export const NO_FAILURES: LockoutState = {
  failedAt: [],
  consecutiveFailures: 0,
  repeats: 0,
  lockedAt: null,
  lockedUntil: null,
}

/** NIST SP 800-63B section 3.2.2: no more than 100 consecutive failures; then only a reset helps. */
export const MAX_CONSECUTIVE_CODE_FAILURES = 100

/** When the lock ends that is in force now; null if none is. 'Locked' is this comparison and nothing else. */
export function lockInForce(state: LockoutState, now: Date): Date | null {
  return state.lockedUntil !== null && state.lockedUntil > now ? state.lockedUntil : null
}

export type Attempt =
  /** Until when; null: no time ends it, only a reset. */
  { refused: true; until: Date | null } | { refused: false; state: LockoutState; locksUntil: Date | null }

/**
 * Spends an attempt before its secret is checked: it counts as a failure until it is given back or cleared.
 * During a lock it is refused, and the lock is not prolonged. After `disabledAt` failures in a row it is refused
 * whatever the time.
 */
export function spend(
  state: LockoutState,
  now: Date,
  policy: LockoutPolicy,
  disabledAt = Number.POSITIVE_INFINITY,
): Attempt {
  if (state.consecutiveFailures >= disabledAt) return { refused: true, until: null }
  const until = lockInForce(state, now)
  if (until) return { refused: true, until }

  const failedAt = [...state.failedAt.filter((at) => stillCounts(at, state, now, policy)), now]
  const counted = { ...state, failedAt, consecutiveFailures: state.consecutiveFailures + 1 }
  if (failedAt.length < policy.attempts) return { refused: false, state: counted, locksUntil: null }

  const repeats = isForgotten(state, now, policy) ? 0 : state.repeats
  const locksUntil = new Date(now.getTime() + lockDuration(repeats, policy))
  return {
    refused: false,
    state: { ...counted, repeats: repeats + 1, lockedAt: now, lockedUntil: locksUntil },
    locksUntil,
  }
}

/** Where an attempt has failed on this state: how long, in milliseconds, the next failure would lock; null if it would not. */
export function nextLock(state: LockoutState, now: Date, policy: LockoutPolicy): number | null {
  const failed = spend(state, now, policy)
  const next = failed.refused ? failed : spend(failed.state, now, policy)
  return next.refused || next.locksUntil === null ? null : next.locksUntil.getTime() - now.getTime()
}

/** Takes a spent attempt back, with the lock it made: a reused code costs nothing. Spent twice, given back once. */
export function giveBack(state: LockoutState, spentAt: Date): LockoutState {
  const at = state.failedAt.findIndex((failed) => failed.getTime() === spentAt.getTime())
  if (at === -1) return state
  const remaining = {
    ...state,
    failedAt: state.failedAt.toSpliced(at, 1),
    consecutiveFailures: Math.max(0, state.consecutiveFailures - 1),
  }
  if (state.lockedAt?.getTime() !== spentAt.getTime()) return remaining
  return { ...remaining, repeats: Math.max(0, state.repeats - 1), lockedAt: null, lockedUntil: null }
}

/**
 * A success clears the counts. A lock in force at that moment was made by one of the attempts that were under
 * way together with the right one, so it never was.
 */
export function clear(state: LockoutState, now: Date): LockoutState {
  return { ...NO_FAILURES, lockedAt: lockInForce(state, now) ? null : state.lockedAt }
}

/** The lock is over, by time or by an Admin. The repeats stay: the next lock lasts longer. */
export function endLock(state: LockoutState): LockoutState {
  return { ...state, failedAt: [], lockedUntil: null }
}

/** After 100 wrong codes in a row the authenticator is of no use any more, whatever the time. */
export function authenticatorDisabled(state: LockoutState): boolean {
  return state.consecutiveFailures >= MAX_CONSECUTIVE_CODE_FAILURES
}

/** What keeps a person from typing codes at all: a disabled authenticator, or the lock in force. Null: nothing. */
export function codeLockOf(
  { authenticator, codeLockout }: { authenticator: object | null; codeLockout: LockoutState },
  now: Date,
): { kind: 'code' | 'disabled'; until: Date | null } | null {
  if (authenticator !== null && authenticatorDisabled(codeLockout)) return { kind: 'disabled', until: null }
  const until = lockInForce(codeLockout, now)
  return until && { kind: 'code', until }
}

function stillCounts(failedAt: Date, state: LockoutState, now: Date, policy: LockoutPolicy): boolean {
  const beforeLastLock = state.lockedAt !== null && failedAt <= state.lockedAt
  return !beforeLastLock && failedAt.getTime() > now.getTime() - policy.windowMs
}

function isForgotten(state: LockoutState, now: Date, policy: LockoutPolicy): boolean {
  return state.lockedAt !== null && now.getTime() - state.lockedAt.getTime() > 2 * policy.maxDurationMs
}

function lockDuration(repeats: number, policy: LockoutPolicy): number {
  return Math.min(policy.durationMs * 2 ** repeats, policy.maxDurationMs)
}
