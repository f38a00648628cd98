import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  passwordLockouts,
  personColumns,
  toPerson,
} from '../gate/person-row.ts'
import { hashBrowserToken } from '../lockout/known-browser-cookie.ts'
import {
  lockoutColumns,
  NEVER_FAILED,
  type StoredLockout,
  subjectOfUnknown,
} from '../lockout/lockouts.queries.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { foldedEmail, users } from '../platform/db/schema/users.ts'

/** The credentials of an e-mail address, in the same shape from the same query with and without a user. */
export interface Credentials {
  subject: string
  /** Password attempts count on the same id, or on the known browser of the request. */
  counted: string
  passwordLockout: StoredLockout
  passwordHash: string | null
  person: Person | null
}

const passwordLockoutColumns = {
  failedAt: passwordLockouts.failedAt,
  pendingAt: passwordLockouts.pendingAt,
  consecutiveFailures: passwordLockouts.consecutiveFailures,
  repeats: passwordLockouts.repeats,
  lockedAt: passwordLockouts.lockedAt,
  lockedUntil: passwordLockouts.lockedUntil,
  version: passwordLockouts.version,
}

const credentialsQuery = preparedOnce((db) =>
  db
    .select({
      person: personColumns,
      passwordHash: users.passwordHash,
      codeLockout: lockoutColumns,
      passwordLockout: passwordLockoutColumns,
      browserId: knownBrowsers.id,
    })
    .from(
      sql`(select ${sql.placeholder('email')}::text as email, ${sql.placeholder('unknown')}::uuid as subject) as typed`,
    )
    .leftJoin(users, eq(foldedEmail(users.email), sql`typed.email`))
    .leftJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .leftJoin(
      knownBrowsers,
      and(
        eq(knownBrowsers.userId, users.id),
        sql`${knownBrowsers.tokenHash} = any(string_to_array(${sql.placeholder('tokenHashes')}, ','))`,
        isNull(knownBrowsers.endedAt),
        gt(knownBrowsers.expiresAt, sql.placeholder('now')),
      ),
    )
    .leftJoin(
      passwordLockouts,
      and(
        eq(passwordLockouts.subject, sql`coalesce(${knownBrowsers.id}, ${users.id}, typed.subject)`),
        eq(passwordLockouts.kind, 'password'),
      ),
    )
    .prepare('read_credentials'),
)

/** `tokens`: of known browsers; those of other users have no effect. */
export async function readCredentials(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  email: string,
  tokens: readonly string[],
): Promise<Credentials> {
  const unknown = subjectOfUnknown(email)
  const tokenHashes = tokens.map(hashBrowserToken).join(',')
  const now = clock.now().toISOString()
  const [row] = await credentialsQuery(db).execute({ email, unknown, tokenHashes, now })
  if (!row) throw new Error('reading credentials returned no row')
  const person = toPerson(row.person, row.codeLockout)
  return {
    subject: person?.id ?? unknown,
    counted: row.browserId ?? person?.id ?? unknown,
    passwordLockout: row.passwordLockout ?? NEVER_FAILED,
    passwordHash: row.passwordHash,
    person,
  }
}
