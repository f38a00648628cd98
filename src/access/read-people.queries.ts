import { inArray, sql } from 'drizzle-orm'
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
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { users } from '../platform/db/schema/users.ts'

export interface PersonToJudge {
  person: Person
  passwordLockedUntil: Date | null
}

/** Whoever acts and whom it concerns, by id, in one query: as the gate reads them, and with the password lock. */
export async function readPeople(
  db: Reader,
  [actorId, targetId]: [string, string],
): Promise<Map<string, PersonToJudge>> {
  const rows = await peopleQuery(db).execute({ actorId, targetId })
  const people = rows.flatMap((row) => {
    const person = toPerson(row.person, row.codeLockout)
    const { passwordLockedUntil } = row
    return person ? [[person.id, { person, passwordLockedUntil }] as const] : []
  })
  return new Map(people)
}

const peopleQuery = preparedOnce((db) =>
  db
    .select({
      person: personColumns,
      codeLockout: lockoutColumns,
      passwordLockedUntil,
    })
    .from(users)
    .innerJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .where(inArray(users.id, [sql.placeholder('actorId'), sql.placeholder('targetId')]))
    .prepare('read_people'),
)
