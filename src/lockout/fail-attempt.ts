import { and, eq } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { byOneself, type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { notify } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { changeLockout } from './change-lockout.ts'
import { lockoutPolicyOf } from './lockout-policy-of.ts'
import type { LockoutKey } from './lockouts.queries.ts'
import { authenticatorDisabled, type Failed, fail, NO_FAILURES } from './policy.ts'
import { type LockoutOwner, recordLockout } from './record-lockout.ts'

/** Counts a spent attempt as failed. Records a lock, or the end of an authenticator at the 100th wrong code, and queues mails. */
export async function failAttempt(
  tx: Transaction,
  { config }: Pick<Deps, 'config'>,
  attempt: { key: LockoutKey; spentAt: Date; person: LockoutOwner | null; now: Date; origin: Origin },
): Promise<Failed> {
  const { key, spentAt, person, now, origin } = attempt
  const policy = lockoutPolicyOf(config, key.kind)
  let before = NO_FAILURES
  let failed: Failed = { state: NO_FAILURES, locksUntil: null }
  await changeLockout(tx, key, now, (state) => {
    before = state
    failed = fail(state, spentAt, now, policy)
    return failed.state
  })
  const { locksUntil, state } = failed
  if (locksUntil) {
    await enqueue(tx, 'end-lockout', key, locksUntil)
    const knownBrowser = person && person.id !== key.subject ? key.subject : null
    await recordLockout(tx, {
      at: now,
      kind: key.kind,
      person,
      knownBrowser,
      lockedUntil: locksUntil,
      origin,
    })
  }
  const disables = key.kind === 'code' && authenticatorDisabled(state) && !authenticatorDisabled(before)
  if (disables && person) await recordDisabled(tx, person, now, origin)
  return failed
}

/** Only a reset helps from now on. */
async function recordDisabled(
  tx: Transaction,
  person: LockoutOwner,
  now: Date,
  origin: Origin,
): Promise<void> {
  const isTheirs = and(eq(authenticators.userId, person.id), eq(authenticators.status, 'active'))
  if ((await tx.$count(authenticators, isTheirs)) === 0) return
  const about = byOneself(person, now, origin)
  const eventId = await record(tx, { ...about, action: 'authenticator.disabled' })
  await notify(tx, { to: person.id, kind: 'authenticator-disabled', eventId, facts: {} })
}
