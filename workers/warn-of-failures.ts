import { warnOfFailures } from '../src/users/warn-of-failures.ts'
import type { JobDeps } from './job.ts'

/** Repeated or run twice at once, it mails the helpers of an account once a day. */
export function warnOfFailuresJob({ db, clock }: JobDeps): Promise<void> {
  return warnOfFailures(db, clock.now())
}
