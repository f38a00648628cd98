import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { lockoutPolicyOf } from '../lockout/lockout-policy-of.ts'
import { nextLock } from '../lockout/policy.ts'
import { durationText } from '../platform/time/duration-text.ts'

/** Wrong, expired and reused are one sentence. */
const WRONG_CODE =
  'That code is not right, or has already been used. Each works once: if your app still shows it, wait for the next.'

/** From the count before the attempt: a reused code, which costs none, gets the same answer as a wrong one. */
export function wrongCode({ clock, config }: Deps, { codeLockout }: Person): string {
  const lockMs = nextLock(codeLockout, clock.now(), lockoutPolicyOf(config, 'code'))
  return lockMs === null
    ? WRONG_CODE
    : `${WRONG_CODE} One more wrong code may lock your codes for ${durationText(lockMs)}.`
}
