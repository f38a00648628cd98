import type { Config } from '../config.ts'
import { type LockoutPolicy, policyFor } from './policy.ts'

export function lockoutPolicyOf(config: Config, kind: 'password' | 'code'): LockoutPolicy {
  return policyFor(kind, {
    attempts: config.LOCKOUT_ATTEMPTS,
    windowMs: config.LOCKOUT_WINDOW,
    durationMs: config.LOCKOUT_DURATION,
    maxDurationMs: config.LOCKOUT_MAX_DURATION,
  })
}
