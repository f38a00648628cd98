import { remindWhoLacksMfa } from '../src/mfa-policy/remind-who-lacks-mfa.ts'
import type { JobDeps } from './job.ts'

export function remindWhoLacksMfaJob({ db, clock }: Pick<JobDeps, 'db' | 'clock'>): Promise<void> {
  return remindWhoLacksMfa(db, clock)
}
