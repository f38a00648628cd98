import { and, eq } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { type Person, passwordSuffices, shutOut } from '../gate/facts.ts'
import { limitedByAddress } from '../lockout/address-limit.ts'
import type { AttemptFailed } from '../lockout/attempt-failed.ts'
import { failAttempt } from '../lockout/fail-attempt.ts'
import { clear } from '../lockout/policy.ts'
import { settleAttempt } from '../lockout/settle-attempt.ts'
import {
  givingBackOnError,
  type SpentAttempt,
  spendAttempt,
  whileUnderWay,
} from '../lockout/spend-attempt.ts'
import type { EventOutcome } from '../platform/audit/actions.ts'
import { type AuditEntry, type Origin, record } from '../platform/audit/record.ts'
import { withoutDeadline } from '../platform/db/deadline.ts'
import { users } from '../platform/db/schema/users.ts'
import { type Credentials, readCredentials } from './credentials.queries.ts'
import { hashPassword, isOutdated, passwordMatches } from './password-hash.ts'

export type PasswordOutcome =
  | { ok: true; person: Person }
  | AttemptFailed<'password' | 'browser'>
  /** The password was right, but this person may not come in. */
  | { ok: false; problem: 'shut-out'; because: 'disabled' | 'suspended'; person: Person; costsNothing: true }

type PasswordAction = 'sign-in.password' | 'presence'

interface TypedPassword {
  email: string
  password: string
  browser: readonly string[]
}

/** Wrong and unknown get the same answer after the same work, locks included. Only the right password earns the real reason. */
export function checkPassword(
  deps: Deps,
  typed: TypedPassword,
  origin: Origin,
  action: PasswordAction = 'sign-in.password',
): Promise<PasswordOutcome> {
  return limitedByAddress(deps, origin, () => checkOnAccount(deps, typed, origin, action))
}

async function checkOnAccount(
  deps: Deps,
  { email, password, browser }: TypedPassword,
  origin: Origin,
  action: PasswordAction,
): Promise<PasswordOutcome> {
  const credentials = await readCredentials(deps, email, browser)
  const { person } = credentials
  const key = { subject: credentials.counted, kind: 'password' as const }
  const attempt = await spendAttempt(deps, { key, known: credentials.passwordLockout, person })
  if (attempt.answer === 'refused') {
    await deps.db.transaction((tx) => record(tx, passwordEvent(deps, credentials, action, 'refused', origin)))
    return { ok: false, problem: 'locked', kind: kindOf(credentials), lockedUntil: attempt.until }
  }

  return whileUnderWay(attempt, () => checkSpent(deps, credentials, password, attempt, origin, action))
}

async function checkSpent(
  deps: Deps,
  credentials: Credentials,
  password: string,
  attempt: SpentAttempt,
  origin: Origin,
  action: PasswordAction,
): Promise<PasswordOutcome> {
  const { person } = credentials
  const matches = await givingBackOnError(deps, attempt, () =>
    passwordMatches(credentials.passwordHash, password),
  )
  if (!matches || person === null)
    return withoutDeadline(() => recordFailure(deps, credentials, action, attempt, origin))

  const because = shutOut(person)
  if (because) {
    const event = { ...passwordEvent(deps, credentials, action, 'refused', origin), details: { because } }
    await givingBackOnError(deps, attempt, () =>
      settleAttempt(deps, attempt, (state) => clear(state, attempt.spentAt), [event]),
    )
    return { ok: false, problem: 'shut-out', because, person, costsNothing: true }
  }
  const right = passwordEvent(deps, credentials, action, 'success', origin)
  const events =
    action === 'sign-in.password' && completesSignIn(person, deps.clock.now())
      ? [right, signedIn(right)]
      : [right]
  await givingBackOnError(deps, attempt, () =>
    settleAttempt(deps, attempt, (state) => clear(state, attempt.spentAt), events),
  )
  if (credentials.passwordHash !== null && isOutdated(credentials.passwordHash))
    await upgradeHash(deps, person.id, credentials.passwordHash, password)
  return { ok: true, person }
}

function completesSignIn(person: Person, now: Date): boolean {
  return person.status === 'active' && passwordSuffices(person, now)
}

function signedIn(right: AuditEntry): AuditEntry {
  return { ...right, action: 'sign-in.completed', details: { with: 'password' } }
}

async function recordFailure(
  deps: Deps,
  credentials: Credentials,
  action: PasswordAction,
  attempt: SpentAttempt,
  origin: Origin,
): Promise<PasswordOutcome> {
  return deps.db.transaction(async (tx): Promise<PasswordOutcome> => {
    await record(tx, passwordEvent(deps, credentials, action, 'failure', origin))
    const { key, spentAt } = attempt
    const { person } = credentials
    const now = deps.clock.now()
    const { locksUntil } = await failAttempt(tx, deps, { key, spentAt, person, now, origin })
    return { ok: false, problem: 'wrong', kind: kindOf(credentials), lockedUntil: locksUntil }
  })
}

function kindOf({ subject, counted }: Credentials): 'password' | 'browser' {
  return counted === subject ? 'password' : 'browser'
}

/** Hashes with today's parameters, unless the password was changed meanwhile. */
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
  action: PasswordAction,
  outcome: EventOutcome,
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
