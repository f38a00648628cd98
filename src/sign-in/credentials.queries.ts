import { and, eq, sql } from 'drizzle-orm'
import { preparedOnce } from '../db/prepared-once.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { clients } from '../db/schema/clients.ts'
import { lockouts } from '../db/schema/lockouts.ts'
import { foldedEmail, users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  passwordLockouts,
  personColumns,
  toPerson,
} from '../gate/person.queries.ts'
import {
  lockoutColumns,
  NEVER_FAILED,
  type StoredLockout,
  subjectOfUnknown,
} from '../lockout/lockouts.queries.ts'

/** What stands behind an e-mail address. Somebody or nobody: the same shape, from the same query. */
export interface Credentials {
  /** What password attempts are counted on. */
  subject: string
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
    })
    .from(
      sql`(select ${sql.placeholder('email')}::text as email, ${sql.placeholder('unknown')}::uuid as subject) as typed`,
    )
    .leftJoin(users, eq(foldedEmail(users.email), sql`typed.email`))
    .leftJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .leftJoin(
      passwordLockouts,
      and(
        eq(passwordLockouts.subject, sql`coalesce(${users.id}, typed.subject)`),
        eq(passwordLockouts.kind, 'password'),
      ),
    )
    .prepare('read_credentials'),
)

/** What stands behind a canonical e-mail address. One row comes back whether a user has the address or not. */
export async function readCredentials({ db }: Pick<Deps, 'db'>, email: string): Promise<Credentials> {
  const unknown = subjectOfUnknown(email)
  const [row] = await credentialsQuery(db).execute({ email, unknown })
  if (!row) throw new Error('reading credentials returned no row')
  const person = toPerson(row.person, row.codeLockout)
  return {
    subject: person?.id ?? unknown,
    passwordLockout: row.passwordLockout ?? NEVER_FAILED,
    passwordHash: row.passwordHash,
    person,
  }
}
