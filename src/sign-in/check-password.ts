import { eq } from 'drizzle-orm'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { countAddressFailure } from '../lockout/address-limit.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { clear } from '../lockout/policy.ts'
import { recordLockout } from '../lockout/record-lockout.ts'
import { type SpentAttempt, spendAttempt } from '../lockout/spend-attempt.ts'
import { type Account, readAccount } from './account.queries.ts'
import { hashPassword, isOutdated, passwordMatches } from './password-hash.ts'

export type PasswordOutcome =
  | { ok: true; person: Person }
  | { ok: false; problem: 'wrong'; lockedUntil: Date | null }
  | { ok: false; problem: 'locked'; lockedUntil: Date }

/**
 * Checks a password for a canonical e-mail address. Wrong, unknown, disabled and suspended give the same
 * answer after the same work, locks included.
 */
export async function checkPassword(
  deps: Deps,
  { email, password }: { email: string; password: string },
  origin: Origin,
  action: 'sign-in.password' | 'presence' = 'sign-in.password',
): Promise<PasswordOutcome> {
  const account = await readAccount(deps.db, email)
  const key = { subject: account.subject, kind: 'password' as const }
  const attempt = await spendAttempt(deps, key, account.passwordLockout)
  if (attempt.refused) {
    await deps.db.transaction((tx) => recordPassword(tx, deps, account, action, 'refused', origin))
    return { ok: false, problem: 'locked', lockedUntil: attempt.until }
  }

  const matches = await passwordMatches(account.passwordHash, password)
  const { person } = account
  if (!matches || person === null || person.status === 'disabled' || person.clientSuspended) {
    await recordFailure(deps, account, action, attempt, origin)
    return { ok: false, problem: 'wrong', lockedUntil: attempt.locksUntil }
  }

  const outdated = account.passwordHash !== null && isOutdated(account.passwordHash)
  const upgraded = outdated ? await hashPassword(password) : null
  await deps.db.transaction(async (tx) => {
    const now = deps.clock.now()
    await changeLockout(tx, key, now, (state) => clear(state, now), attempt.stored)
    if (upgraded) await tx.update(users).set({ passwordHash: upgraded }).where(eq(users.id, person.id))
    await recordPassword(tx, deps, account, action, 'success', origin)
  })
  return { ok: true, person }
}

async function recordFailure(
  deps: Deps,
  account: Account,
  action: 'sign-in.password' | 'presence',
  attempt: SpentAttempt & { refused: false },
  origin: Origin,
): Promise<void> {
  await countAddressFailure(deps, origin.address)
  await deps.db.transaction(async (tx) => {
    await recordPassword(tx, deps, account, action, 'failure', origin)
    if (attempt.locksUntil)
      await recordLockout(tx, {
        at: deps.clock.now(),
        kind: 'password',
        person: account.person,
        lockedUntil: attempt.locksUntil,
        origin,
      })
  })
}

function recordPassword(
  tx: Transaction,
  { clock }: Deps,
  { person }: Account,
  action: 'sign-in.password' | 'presence',
  outcome: 'success' | 'failure' | 'refused',
  origin: Origin,
) {
  return record(tx, {
    at: clock.now(),
    action,
    outcome,
    origin,
    clientId: person?.clientId ?? null,
    actorId: outcome === 'success' ? (person?.id ?? null) : null,
    subjectId: person?.id ?? null,
  })
}
