import { and, eq } from 'drizzle-orm'
import type { Outcome } from '../audit/actions.ts'
import { type AuditEntry, type Origin, record } from '../audit/record.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import { type Person, passwordSuffices } from '../gate/facts.ts'
import { countAddressFailure } from '../lockout/address-limit.ts'
import type { AttemptFailed } from '../lockout/attempt-failed.ts'
import { clear } from '../lockout/policy.ts'
import { recordLockout } from '../lockout/record-lockout.ts'
import { settleAttempt } from '../lockout/settle-attempt.ts'
import { type SpentAttempt, spendAttempt } from '../lockout/spend-attempt.ts'
import { type Credentials, readCredentials } from './credentials.queries.ts'
import { hashPassword, isOutdated, passwordMatches } from './password-hash.ts'

export type PasswordOutcome = { ok: true; person: Person } | AttemptFailed<'password'>

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
  const credentials = await readCredentials(deps, email, origin.address)
  const { person, addressRefusedUntil } = credentials
  if (addressRefusedUntil)
    return { ok: false, problem: 'locked', kind: 'address', lockedUntil: addressRefusedUntil }

  const key = { subject: credentials.subject, kind: 'password' as const }
  const attempt = await spendAttempt(deps, key, credentials.passwordLockout)
  if (attempt.refused) {
    // Else whoever hammers at a lock would fill the audit log for nothing.
    await countAddressFailure(deps, origin.address)
    await deps.db.transaction((tx) => record(tx, passwordEvent(deps, credentials, action, 'refused', origin)))
    return { ok: false, problem: 'locked', kind: 'password', lockedUntil: attempt.until }
  }

  const matches = await passwordMatches(credentials.passwordHash, password)
  if (!matches || person === null || person.status === 'disabled' || person.clientSuspended) {
    await recordFailure(deps, credentials, action, attempt, origin)
    return { ok: false, problem: 'wrong', kind: 'password', lockedUntil: attempt.locksUntil }
  }

  const now = deps.clock.now()
  const right = passwordEvent(deps, credentials, action, 'success', origin)
  const events = action === 'sign-in.password' && completesSignIn(person) ? [right, signedIn(right)] : [right]
  await settleAttempt(deps, key, now, (state) => clear(state, now), attempt.stored, events)
  if (credentials.passwordHash !== null && isOutdated(credentials.passwordHash))
    await upgradeHash(deps, person.id, credentials.passwordHash, password)
  return { ok: true, person }
}

/** Where nothing but the password is asked for. */
function completesSignIn(person: Person): boolean {
  return person.status === 'active' && passwordSuffices(person)
}

function signedIn(right: AuditEntry): AuditEntry {
  return { ...right, action: 'sign-in.completed', details: { with: 'password' } }
}

async function recordFailure(
  deps: Deps,
  credentials: Credentials,
  action: 'sign-in.password' | 'presence',
  attempt: SpentAttempt,
  origin: Origin,
): Promise<void> {
  await countAddressFailure(deps, origin.address)
  await deps.db.transaction(async (tx) => {
    await record(tx, passwordEvent(deps, credentials, action, 'failure', origin))
    if (attempt.locksUntil)
      await recordLockout(tx, {
        at: deps.clock.now(),
        kind: 'password',
        person: credentials.person,
        lockedUntil: attempt.locksUntil,
        origin,
      })
  })
}

/** Hashed again with today's parameters. Whoever changes the password meanwhile wins. */
async function upgradeHash({ db }: Deps, userId: string, outdated: string, password: string): Promise<void> {
  const passwordHash = await hashPassword(password)
  await db
    .update(users)
    .set({ passwordHash })
    .where(and(eq(users.id, userId), eq(users.passwordHash, outdated)))
}

function passwordEvent(
  { clock }: Deps,
  { person }: Credentials,
  action: 'sign-in.password' | 'presence',
  outcome: Outcome,
  origin: Origin,
): AuditEntry {
  return {
    at: clock.now(),
    action,
    outcome,
    origin,
    clientId: person?.clientId ?? null,
    actorId: outcome === 'success' ? (person?.id ?? null) : null,
    subjectId: person?.id ?? null,
  }
}
