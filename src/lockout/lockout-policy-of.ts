import type { Config } from '../config.ts'
import type { LockoutPolicy } from './policy.ts'

/** The lockout policy that the configuration sets. */
export function lockoutPolicyOf(config: Config): LockoutPolicy {
  return {
    attempts: config.LOCKOUT_ATTEMPTS,
    windowMs: config.LOCKOUT_WINDOW,
    durationMs: config.LOCKOUT_DURATION,
    maxDurationMs: config.LOCKOUT_MAX_DURATION,
  }
}
