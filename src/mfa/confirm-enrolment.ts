import { and, eq, gt } from 'drizzle-orm'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import type { Person } from '../gate/facts.ts'
import { sessionsStillLive } from '../gate/sessions-still-live.ts'
import { addressRefusedUntil } from '../lockout/address-limit.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { giveBack } from '../lockout/policy.ts'
import { spendAttempt } from '../lockout/spend-attempt.ts'
import { notify } from '../notifications/notify.ts'
import type { CodeOutcome } from './code-outcome.ts'
import { failCode, refuseCode } from './fail-code.ts'
import { readPendingAuthenticator } from './pending-authenticator.queries.ts'
import { shredded } from './shredded.ts'
import { matchingStep } from './totp.ts'

/** `epoch`: the session epoch that the confirming session goes on with. */
export type EnrolmentOutcome =
  | { ok: true; authenticatorId: string; epoch: number }
  | Extract<CodeOutcome, { ok: false }>

const ENROLLED = { action: 'authenticator.enrolled', kind: 'authenticator-enrolled' } as const
const REPLACED = { action: 'authenticator.replaced', kind: 'authenticator-replaced' } as const

/**
 * Makes the pending authenticator of this session active with a first right code. The code is spent by that:
 * signing in takes a later one. Codes are counted as at verification. If the person has an authenticator, it dies
 * in the same transaction, and with it every session and half-way sign-in.
 */
export async function confirmEnrolment(
  deps: Deps,
  person: Person,
  session: string,
  code: string,
  origin: Origin,
): Promise<EnrolmentOutcome> {
  const { db, clock } = deps
  const refusedUntil = await addressRefusedUntil(deps, origin.address)
  if (refusedUntil) return { ok: false, problem: 'locked', kind: 'address', lockedUntil: refusedUntil }

  const pending = await readPendingAuthenticator(deps, db, person.id, session)
  if (!pending) return { ok: false, problem: 'superseded' }

  const key = { subject: person.id, kind: 'code' as const }
  const attempt = await spendAttempt(deps, key, person.codeLockout)
  if (attempt.refused) return refuseCode(deps, person, 'enrol', attempt.until, origin)

  const step = matchingStep(pending.secret, code, clock.now())
  if (step === null) {
    await failCode(deps, person, 'enrol', attempt, origin)
    return { ok: false, problem: 'wrong', kind: 'code', lockedUntil: attempt.locksUntil }
  }

  return db.transaction(async (tx): Promise<EnrolmentOutcome> => {
    const now = clock.now()
    const activated =
      (await sessionsStillLive(tx, person)) &&
      (await activate(tx, { pendingId: pending.id, replacedId: person.authenticator?.id, step, now }))
    // The attempt comes back but older failures stay: the code count clears only when sign-in completes.
    await changeLockout(tx, key, now, (state) => {
      const without = giveBack(state, attempt.spentAt)
      return activated ? { ...without, consecutiveFailures: 0 } : without
    })
    if (!activated) return { ok: false, problem: 'superseded' }

    const { action, kind } = person.authenticator ? REPLACED : ENROLLED
    const eventId = await record(tx, {
      at: now,
      action,
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: person.id,
    })
    await notify(tx, { to: person.id, kind, eventId, facts: {} })
    const epoch = person.authenticator ? await endSessions(tx, person.id, now, session) : person.sessionEpoch
    return { ok: true, authenticatorId: pending.id, epoch }
  })
}

/** The database decides between parallel confirmations, and against whatever voided the secret meanwhile. */
async function activate(
  tx: Transaction,
  change: { pendingId: string; replacedId: string | undefined; step: number; now: Date },
): Promise<boolean> {
  const { pendingId, replacedId, step, now } = change
  const [pending] = await tx
    .select({ id: authenticators.id })
    .from(authenticators)
    .where(
      and(
        eq(authenticators.id, pendingId),
        eq(authenticators.status, 'pending'),
        gt(authenticators.pendingUntil, now),
      ),
    )
    .for('update')
  if (!pending) return false

  // There is never a moment with two active authenticators, or with none.
  if (replacedId !== undefined)
    await tx
      .update(authenticators)
      .set(shredded(now))
      .where(and(eq(authenticators.id, replacedId), eq(authenticators.status, 'active')))
  await tx
    .update(authenticators)
    .set({ status: 'active', activatedAt: now, begunInSession: null, lastAcceptedStep: step })
    .where(eq(authenticators.id, pendingId))
  return true
}
