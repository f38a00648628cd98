import { and, eq, gt } from 'drizzle-orm'
import { unseal } from '../at-rest/sealed-secret.ts'
import { type Origin, record } from '../audit/record.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { giveBack } from '../lockout/policy.ts'
import { spendAttempt } from '../lockout/spend-attempt.ts'
import { notify } from '../notifications/notify.ts'
import type { CodeOutcome } from './code-outcome.ts'
import { failCode, refuseCode } from './fail-code.ts'
import { matchingStep } from './totp.ts'

/**
 * Makes the pending authenticator of this session active with a first right code. The code is spent by that:
 * signing in takes a later one. Codes are counted as at verification.
 */
export async function confirmEnrolment(
  deps: Deps,
  person: Person,
  session: string,
  code: string,
  origin: Origin,
): Promise<CodeOutcome> {
  const { db, clock, config } = deps
  const pending = await pendingAuthenticator(deps, person.id, session)
  if (!pending?.sealedSecret) return { ok: false, problem: 'superseded' }

  const key = { subject: person.id, kind: 'code' as const }
  const attempt = await spendAttempt(deps, key, person.codeLockout)
  if (attempt.refused) return refuseCode(deps, person, 'enrol', attempt.until, origin)

  const secret = unseal(pending.sealedSecret, pending.id, config.ENCRYPTION_KEYS)
  const step = matchingStep(secret, code, clock.now())
  if (step === null) {
    await failCode(deps, person, 'enrol', attempt, origin)
    return { ok: false, problem: 'wrong', kind: 'code', lockedUntil: attempt.locksUntil }
  }

  return db.transaction(async (tx): Promise<CodeOutcome> => {
    const now = clock.now()
    // The database decides between parallel confirmations, and against whatever voided the secret meanwhile.
    const activated = await tx
      .update(authenticators)
      .set({ status: 'active', activatedAt: now, begunInSession: null, lastAcceptedStep: step })
      .where(
        and(
          eq(authenticators.id, pending.id),
          eq(authenticators.status, 'pending'),
          gt(authenticators.pendingUntil, now),
        ),
      )
      .returning({ id: authenticators.id })
    // The attempt comes back but older failures stay: the code count clears only when sign-in completes.
    await changeLockout(tx, key, now, (state) => ({
      ...giveBack(state, attempt.spentAt),
      consecutiveFailures: 0,
    }))
    if (activated.length === 0) return { ok: false, problem: 'superseded' }

    const eventId = await record(tx, {
      at: now,
      action: 'authenticator.enrolled',
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: person.id,
    })
    await notify(tx, { to: person.id, kind: 'authenticator-enrolled', eventId, facts: {} })
    return { ok: true, authenticatorId: pending.id }
  })
}

async function pendingAuthenticator({ db, clock }: Deps, userId: string, session: string) {
  const [row] = await db
    .select({ id: authenticators.id, sealedSecret: authenticators.sealedSecret })
    .from(authenticators)
    .where(
      and(
        eq(authenticators.userId, userId),
        eq(authenticators.status, 'pending'),
        eq(authenticators.begunInSession, session),
        gt(authenticators.pendingUntil, clock.now()),
      ),
    )
  return row
}
