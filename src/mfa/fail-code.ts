import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import type { AttemptFailed } from '../lockout/attempt-failed.ts'
import { failAttempt } from '../lockout/fail-attempt.ts'
import type { SpentAttempt } from '../lockout/spend-attempt.ts'
import { type AuditEntry, byOneself, type Origin, record } from '../platform/audit/record.ts'
import { withoutDeadline } from '../platform/db/deadline.ts'
import { warnOfWrongCode } from './warn-of-wrong-code.ts'

/** Wrong, expired and reused are one answer. */
export type CodeOutcome =
  | { ok: true; authenticatorId: string }
  | AttemptFailed<'code'>
  /** The key expired or was started over, or the authenticator was reset. */
  | { ok: false; problem: 'superseded' }

export type CodePurpose = 'enrol' | 'verify' | 'presence'

/** Counts and records a wrong code and a lock that follows, and queues or prepares their mails. */
export async function failCode(
  deps: Deps,
  person: Person,
  { purpose, sessionId }: { purpose: CodePurpose; sessionId: string },
  attempt: SpentAttempt,
  origin: Origin,
): Promise<AttemptFailed<'code'>> {
  return withoutDeadline(() =>
    deps.db.transaction(async (tx): Promise<AttemptFailed<'code'>> => {
      const now = deps.clock.now()
      const about = byOneself(person, now, origin)
      const eventId = await record(tx, { ...about, ...codeAction(purpose), outcome: 'failure' })
      const { key, spentAt } = attempt
      const { locksUntil, state } = await failAttempt(tx, deps, { key, spentAt, person, now, origin })
      // Not at step-up: it does not suggest a stolen password.
      if (purpose === 'verify') {
        const inARow = state.consecutiveFailures
        await warnOfWrongCode(tx, { userId: person.id, sessionId, eventId, inARow, now })
      }
      return { ok: false, problem: 'wrong', kind: 'code', lockedUntil: locksUntil }
    }),
  )
}

/** Records a code that was not checked, because codes are locked or the authenticator is disabled. */
export async function refuseCode(
  deps: Deps,
  person: Person,
  purpose: CodePurpose,
  until: Date | null,
  origin: Origin,
): Promise<AttemptFailed<'code'>> {
  const about = byOneself(person, deps.clock.now(), origin)
  await deps.db.transaction((tx) => record(tx, { ...about, ...codeAction(purpose), outcome: 'refused' }))
  return { ok: false, problem: 'locked', kind: until ? 'code' : 'disabled', lockedUntil: until }
}

function codeAction(purpose: CodePurpose): Pick<AuditEntry, 'action' | 'details'> {
  return purpose === 'presence'
    ? { action: 'presence' }
    : { action: 'sign-in.code', details: { step: purpose } }
}
