import { inArray, sql } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { preparedOnce } from '../db/prepared-once.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { clients } from '../db/schema/clients.ts'
import { lockouts } from '../db/schema/lockouts.ts'
import { users } from '../db/schema/users.ts'
import type { Person } from '../gate/facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  passwordLockedUntil,
  personColumns,
  toPerson,
} from '../gate/person.queries.ts'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'

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
