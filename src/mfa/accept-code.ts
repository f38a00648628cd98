import { and, eq, lt } from 'drizzle-orm'
import { unseal } from '../at-rest/sealed-secret.ts'
import type { Origin } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { authenticatorDisabled, giveBack } from '../lockout/policy.ts'
import { type SpentAttempt, spendAttempt } from '../lockout/spend-attempt.ts'
import type { CodeOutcome } from './code-outcome.ts'
import { failCode } from './fail-code.ts'
import { matchingStep } from './totp.ts'

/**
 * Checks a code of a person's active authenticator: the attempt is spent first, a right code is accepted once,
 * and what follows from it (`accepted`) commits together with that.
 */
export async function acceptCode(
  deps: Deps,
  person: Person,
  code: string,
  origin: Origin,
  accepted: (tx: Transaction, now: Date, attempt: SpentAttempt & { refused: false }) => Promise<void>,
): Promise<CodeOutcome> {
  const { db, clock, config } = deps
  if (authenticatorDisabled(person.codeLockout)) return { ok: false, problem: 'disabled' }
  const key = { subject: person.id, kind: 'code' as const }
  const attempt = await spendAttempt(deps, key, person.codeLockout)
  if (attempt.refused) return { ok: false, problem: 'locked', lockedUntil: attempt.until }

  const authenticator = await activeAuthenticator(deps, person.id)
  if (!authenticator?.sealedSecret) return { ok: false, problem: 'superseded' }
  const secret = unseal(authenticator.sealedSecret, authenticator.id, config.ENCRYPTION_KEYS)
  const step = matchingStep(secret, code, clock.now())
  const isAccepted =
    step !== null &&
    (await db.transaction(async (tx) => {
      const now = clock.now()
      if (!(await acceptStep(tx, authenticator.id, step, now))) return false
      await accepted(tx, now, attempt)
      return true
    }))
  if (isAccepted) return { ok: true, authenticatorId: authenticator.id }

  if (step !== null && (await isLastAccepted(deps, authenticator.id, step))) {
    // A double click sends one code twice. The second is refused like a wrong one, but costs no attempt.
    await changeLockout(db, key, clock.now(), (state) => giveBack(state, attempt.spentAt))
    return { ok: false, problem: 'wrong', lockedUntil: null }
  }
  await failCode(deps, person, 'verify', attempt, origin)
  return { ok: false, problem: 'wrong', lockedUntil: attempt.locksUntil }
}

/**
 * RFC 6238 section 5.2: a code is accepted once. One conditional UPDATE decides it, also among parallel
 * requests and processes, and against a reset that revokes the authenticator meanwhile.
 */
async function acceptStep(
  tx: Transaction,
  authenticatorId: string,
  step: number,
  now: Date,
): Promise<boolean> {
  const accepted = await tx
    .update(authenticators)
    .set({ lastAcceptedStep: step, lastUsedAt: now })
    .where(
      and(
        eq(authenticators.id, authenticatorId),
        eq(authenticators.status, 'active'),
        lt(authenticators.lastAcceptedStep, step),
      ),
    )
    .returning({ id: authenticators.id })
    .prepare('accept_step')
    .execute()
  return accepted.length === 1
}

async function activeAuthenticator({ db }: Deps, userId: string) {
  const [row] = await db
    .select({ id: authenticators.id, sealedSecret: authenticators.sealedSecret })
    .from(authenticators)
    .where(and(eq(authenticators.userId, userId), eq(authenticators.status, 'active')))
    .prepare('active_authenticator')
    .execute()
  return row
}

async function isLastAccepted({ db }: Deps, authenticatorId: string, step: number): Promise<boolean> {
  const [row] = await db
    .select({ lastAcceptedStep: authenticators.lastAcceptedStep })
    .from(authenticators)
    .where(eq(authenticators.id, authenticatorId))
  return row?.lastAcceptedStep === step
}
