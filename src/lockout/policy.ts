// Every decision about counting and locking a user's secrets, from stored times and now. Pure.
import { HOUR, SECOND } from '../platform/time/durations.ts'

export interface LockoutPolicy {
  attempts: number
  windowMs: number
  /** The first lock; each repeat doubles it, up to `maxDurationMs`. */
  durationMs: number
  maxDurationMs: number
}

export interface LockoutState {
  /** Failures that may still count. */
  failedAt: readonly Date[]
  /** Attempts under way: each takes a place until it is settled. */
  pendingAt: readonly Date[]
  consecutiveFailures: number
  repeats: number
  /** The start of the last lock, kept after its end: half-way sign-ins from before it stay over. */
  lockedAt: Date | null
  lockedUntil: Date | null
}

export const NO_FAILURES: LockoutState = {
  failedAt: [],
  pendingAt: [],
  consecutiveFailures: 0,
  repeats: 0,
  lockedAt: null,
  lockedUntil: null,
}

/** Anyone can guess at a password, so a longer lock would shut the user out. */
const MAX_PASSWORD_LOCK_MS = HOUR

/** The policy for one kind of secret. Only an attacker with the password reaches codes, so they lock longer. */
export function policyFor(kind: 'password' | 'code', policy: LockoutPolicy): LockoutPolicy {
  const { durationMs, maxDurationMs } = policy
  if (kind === 'code') return policy
  return { ...policy, maxDurationMs: Math.min(maxDurationMs, Math.max(durationMs, MAX_PASSWORD_LOCK_MS)) }
}

/** An attempt under way for longer counts as failed: its process died. */
export const PENDING_LIFE_MS = 10 * SECOND

/** NIST SP 800-63B section 3.2.2: no more than 100 consecutive failures; then only a reset helps. */
export const MAX_CONSECUTIVE_CODE_FAILURES = 100

/** The end of the lock in force; null without one. 'Locked' is only this comparison. */
export function lockInForce(state: LockoutState, now: Date): Date | null {
  return state.lockedUntil !== null && state.lockedUntil > now ? state.lockedUntil : null
}

export type Attempt =
  | { answer: 'refused'; until: Date | null }
  /** Attempts under way take every place that is left. */
  | { answer: 'wait' }
  /** The attempt of `spentAt` was never settled: it counts as failed first. */
  | { answer: 'overdue'; spentAt: Date }
  | { answer: 'spent'; state: LockoutState }

/** Spends an attempt before its secret is checked. After `disabledAt` failures in a row every attempt is refused. */
export function spend(
  state: LockoutState,
  now: Date,
  policy: LockoutPolicy,
  disabledAt = Number.POSITIVE_INFINITY,
): Attempt {
  const { pendingAt, consecutiveFailures } = state
  if (consecutiveFailures >= disabledAt) return { answer: 'refused', until: null }
  const until = lockInForce(state, now)
  if (until) return { answer: 'refused', until }

  const overdue = pendingAt.find((spentAt) => now.getTime() - spentAt.getTime() > PENDING_LIFE_MS)
  if (overdue) return { answer: 'overdue', spentAt: overdue }
  const failedAt = state.failedAt.filter((at) => stillCounts(at, state, now, policy))
  const placesLeft = Math.min(policy.attempts - failedAt.length, disabledAt - consecutiveFailures)
  if (pendingAt.length >= placesLeft) return { answer: 'wait' }
  return { answer: 'spent', state: { ...state, failedAt, pendingAt: [...pendingAt, now] } }
}

export interface Failed {
  state: LockoutState
  locksUntil: Date | null
}

/** The secret was wrong. An attempt already counted after its deadline is not counted again. */
export function fail(state: LockoutState, spentAt: Date, now: Date, policy: LockoutPolicy): Failed {
  const pendingAt = without(state.pendingAt, spentAt)
  return pendingAt === null
    ? { state, locksUntil: null }
    : count({ ...state, pendingAt }, spentAt, now, policy)
}

/** After one more failure on this state: how long, in milliseconds, the next would lock; null if it would not. */
export function nextLock(state: LockoutState, now: Date, policy: LockoutPolicy): number | null {
  if (lockInForce(state, now)) return null
  const failed = count(state, now, now, policy)
  if (failed.locksUntil) return null
  const { locksUntil } = count(failed.state, now, now, policy)
  return locksUntil && locksUntil.getTime() - now.getTime()
}

/** Takes a spent attempt back, once. */
export function giveBack(state: LockoutState, spentAt: Date): LockoutState {
  const pendingAt = without(state.pendingAt, spentAt)
  if (pendingAt) return { ...state, pendingAt }
  // It was counted as failed after its deadline.
  const failedAt = without(state.failedAt, spentAt)
  if (!failedAt) return state
  return { ...state, failedAt, consecutiveFailures: Math.max(0, state.consecutiveFailures - 1) }
}

/**
 * The secret was right: clears the counts. Other attempts under way still count if they fail. The time of a past lock
 * stays until its end is recorded.
 */
export function clear(state: LockoutState, spentAt: Date): LockoutState {
  const pendingAt = without(state.pendingAt, spentAt) ?? state.pendingAt
  return { ...NO_FAILURES, pendingAt, lockedAt: state.lockedAt, lockedUntil: state.lockedUntil }
}

/** The time of the lock has passed. Failures since then still count: the job that records the end may be late. */
export function expireLock(state: LockoutState): LockoutState {
  return { ...state, lockedUntil: null }
}

/** An Admin ends the lock. The repeats stay, so that the next lock lasts longer. */
export function endLock(state: LockoutState): LockoutState {
  return { ...state, failedAt: [], lockedUntil: null }
}

export function authenticatorDisabled(state: LockoutState): boolean {
  return state.consecutiveFailures >= MAX_CONSECUTIVE_CODE_FAILURES
}

/** A disabled authenticator or the lock in force; null if codes are accepted. */
export function codeLockOf(
  { authenticator, codeLockout }: { authenticator: object | null; codeLockout: LockoutState },
  now: Date,
): { kind: 'code' | 'disabled'; until: Date | null } | null {
  if (authenticator !== null && authenticatorDisabled(codeLockout)) return { kind: 'disabled', until: null }
  const until = lockInForce(codeLockout, now)
  return until && { kind: 'code', until }
}

function count(state: LockoutState, failedAt: Date, now: Date, policy: LockoutPolicy): Failed {
  const earlier = state.failedAt.filter((at) => stillCounts(at, state, now, policy))
  const counted = {
    ...state,
    failedAt: [...earlier, failedAt],
    consecutiveFailures: state.consecutiveFailures + 1,
  }
  if (counted.failedAt.length < policy.attempts) return { state: counted, locksUntil: null }

  const repeats = isForgotten(state, now, policy) ? 0 : state.repeats
  const locksUntil = new Date(now.getTime() + lockDuration(repeats, policy))
  return {
    state: { ...counted, repeats: repeats + 1, lockedAt: now, lockedUntil: locksUntil },
    locksUntil,
  }
}

function without(times: readonly Date[], time: Date): Date[] | null {
  const index = times.findIndex((other) => other.getTime() === time.getTime())
  return index === -1 ? null : times.toSpliced(index, 1)
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
