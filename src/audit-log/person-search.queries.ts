import { and, eq, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { above, selfAndBelow, withinSubtree } from '../access/hierarchy.queries.ts'
import type { Reader } from '../platform/db/client.ts'
import { contains } from '../platform/db/like.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { foldedEmail, searchedText, users } from '../platform/db/schema/users.ts'
import { canonicalEmail } from '../platform/http/email-address.ts'
import type { LogViewer } from './foreign-names.queries.ts'

const FEW = 20

export type People =
  | { kind: 'all' }
  /** Ids of those who match. `subjects` are only those whose names the viewer may read. */
  | { kind: 'few'; actors: string[]; subjects: string[] }
  /** Too many match: the condition is checked event by event. */
  | { kind: 'many'; namedIn: SQL | undefined }

/** Matches only names that the page shows: otherwise a viewer could guess hidden names letter by letter. */
export async function findPeople(db: Reader, term: string, viewer: LogViewer): Promise<People> {
  if (term === '') return { kind: 'all' }
  const fits = contains(searchedText, term)
  const found = await db
    .select({ id: users.id, mayBeSubject: nameShown(users.clientId, viewer) })
    .from(users)
    .where(and(fits, mayAct(viewer)))
    .limit(FEW + 1)
  if (found.length > FEW) return { kind: 'many', namedIn: namedIn(fits, viewer) }
  return {
    kind: 'few',
    actors: found.map(({ id }) => id),
    subjects: found.flatMap(({ id, mayBeSubject }) => (mayBeSubject ? [id] : [])),
  }
}

export function onePerson(id: string): People {
  return { kind: 'few', actors: [id], subjects: [id] }
}

/** The name of a person of the viewer's own account or below; for the Service Desk of anyone. */
export async function readShownName(
  db: Reader,
  id: string,
  { ownId, seesAll }: LogViewer,
): Promise<string | null> {
  const [user] = await db
    .select({ name: users.name, clientId: users.clientId })
    .from(users)
    .where(eq(users.id, id))
  if (!user) return null
  const isShown = seesAll || (await withinSubtree(db, ownId, [user.clientId])).size > 0
  return isShown ? user.name : null
}

export async function idOfEmail(db: Reader, email: string): Promise<string | null> {
  const [user] = await db
    .select({ id: users.id })
    .from(users)
    .where(eq(foldedEmail(users.email), canonicalEmail(email)))
  return user?.id ?? null
}

/** Scalar subqueries make PostgreSQL check event by event; a join would first find all people who match. */
function namedIn(fits: SQL, viewer: LogViewer): SQL | undefined {
  const oneOf = (id: SQLWrapper, condition: SQL | undefined) =>
    sql`(select true from ${users} where ${users.id} = ${id} and ${and(fits, condition)})`
  return or(
    oneOf(auditEvents.actorId, undefined),
    oneOf(auditEvents.subjectId, nameShown(users.clientId, viewer)),
  )
}

/** Subjects are named if they belong to the viewer's own account or below. */
function nameShown(clientId: SQLWrapper, { ownId, seesAll }: LogViewer): SQL<boolean> {
  if (seesAll) return sql<boolean>`true`
  return sql<boolean>`${clientId} in (${selfAndBelow(ownId)})`
}

/** Actors can also belong to an account above or to the Service Desk. */
function mayAct(viewer: LogViewer): SQL | undefined {
  if (viewer.seesAll) return undefined
  return or(
    nameShown(users.clientId, viewer),
    sql`${users.clientId} in (
      (${above(sql`${viewer.clientId}`)})
      union all
      select ${clients.id} from ${clients} where ${clients.isPlatform}
    )`,
  )
}
