import { eq } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { Person } from '../gate/facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  passwordLockedUntil,
  personColumns,
  toPerson,
} from '../gate/person-row.ts'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { users } from '../platform/db/schema/users.ts'

export interface PersonToJudge {
  person: Person
  passwordLockedUntil: Date | null
}

/** A user as the gate reads them, with their password lock. Null if there is none. */
export async function readPersonToJudge(db: Reader, userId: string): Promise<PersonToJudge | null> {
  const [row] = await db
    .select({ person: personColumns, codeLockout: lockoutColumns, passwordLockedUntil })
    .from(users)
    .innerJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .where(eq(users.id, isUuid(userId) ? userId : NIL))
  const person = row ? toPerson(row.person, row.codeLockout) : null
  return row && person ? { person, passwordLockedUntil: row.passwordLockedUntil } : null
}
