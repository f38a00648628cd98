import { eq, sql } from 'drizzle-orm'
import { lockoutColumns } from '../lockout/lockouts.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { users } from '../platform/db/schema/users.ts'
import type { Person } from './facts.ts'
import {
  accountOfUser,
  activeAuthenticatorOfUser,
  codeLockoutOfUser,
  personColumns,
  toPerson,
} from './person-row.ts'

export async function readPerson(db: Reader, userId: string): Promise<Person | null> {
  const [row] = await personQuery(db).execute({ userId })
  return row ? toPerson(row.person, row.codeLockout) : null
}

const personQuery = preparedOnce((db) =>
  db
    .select({ person: personColumns, codeLockout: lockoutColumns })
    .from(users)
    .innerJoin(clients, accountOfUser)
    .leftJoin(authenticators, activeAuthenticatorOfUser)
    .leftJoin(lockouts, codeLockoutOfUser)
    .where(eq(users.id, sql.placeholder('userId')))
    .prepare('read_person'),
)
