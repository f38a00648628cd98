import { and, eq, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { above, selfAndBelow } from '../access/hierarchy.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { contains } from '../platform/db/like.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { searchedText, users } from '../platform/db/schema/users.ts'
import { canonicalEmail } from '../platform/http/email-address.ts'
import type { Looking } from './foreign-names.queries.ts'

/** So many people are looked up event by event; a term that fits more is common. */
const FEW = 20

/** Whose events are asked for. */
export type People =
  | { kind: 'everybody' }
  /** Ids of those who fit. A subject of an account that is none of the viewer's business is not among them. */
  | { kind: 'few'; actors: string[]; subjects: string[] }
  /** Too many fit: events are asked one by one whether they speak of such a person. */
  | { kind: 'many'; namedIn: SQL | undefined }

/**
 * Whose name or e-mail address contains `term`. It looks no further than the page shows names: else somebody
 * could find out, letter by letter, on whom an act was tried whose name is left out.
 */
export async function findPeople(db: Reader, term: string, looking: Looking): Promise<People> {
  if (term === '') return { kind: 'everybody' }
  const fits = contains(searchedText, term)
  const found = await db
    .select({ id: users.id, mayBeSubject: nameShown(users.clientId, looking) })
    .from(users)
    .where(and(fits, mayAct(looking)))
    .limit(FEW + 1)
  if (found.length > FEW) return { kind: 'many', namedIn: namedIn(fits, looking) }
  return {
    kind: 'few',
    actors: found.map(({ id }) => id),
    subjects: found.flatMap(({ id, mayBeSubject }) => (mayBeSubject ? [id] : [])),
  }
}

/** The id of whoever has this e-mail address; null: nobody. */
export async function idOfEmail(db: Reader, email: string): Promise<string | null> {
  const [user] = await db
    .select({ id: users.id })
    .from(users)
    .where(eq(sql`lower(${users.email})`, canonicalEmail(email)))
  return user?.id ?? null
}

/**
 * An actor of the log is always named. Scalar subqueries, which are asked person by person: of anything else
 * PostgreSQL would first find everybody whose name fits.
 */
function namedIn(fits: SQL, looking: Looking): SQL | undefined {
  const oneOf = (id: SQLWrapper, condition: SQL | undefined) =>
    sql`(select true from ${users} where ${users.id} = ${id} and ${and(fits, condition)})`
  return or(
    oneOf(auditEvents.actorId, undefined),
    oneOf(auditEvents.subjectId, nameShown(users.clientId, looking)),
  )
}

/** Subjects are named if they belong to the viewer's own account or below. */
function nameShown(clientId: SQLWrapper, { ownId, seesAll }: Looking): SQL<boolean> {
  if (seesAll) return sql<boolean>`true`
  return sql<boolean>`${clientId} in (${selfAndBelow(ownId)})`
}

/** Actors can also belong to an account above, whose Admins may try what is refused, or to the Service Desk. */
function mayAct(looking: Looking): SQL | undefined {
  if (looking.seesAll) return undefined
  return or(
    nameShown(users.clientId, looking),
    sql`${users.clientId} in (
      (${above(sql`${looking.clientId}`)})
      union all
      select ${clients.id} from ${clients} where ${clients.isPlatform}
    )`,
  )
}
