import { and, asc, eq, gt, isNotNull, ne, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import type { Reader } from '../platform/db/client.ts'
import { invitationImportLines, invitationImports } from '../platform/db/schema/invitation-imports.ts'

export type Import = Pick<
  typeof invitationImports.$inferSelect,
  'id' | 'clientId' | 'status' | 'lookedAt' | 'pausedUntil' | 'pausedBy'
>

/** An import of this user's own; null for any other. */
export async function readImport(db: Reader, importId: string, userId: string): Promise<Import | null> {
  if (!isUuid(importId)) return null
  const [row] = await db
    .select({
      id: invitationImports.id,
      clientId: invitationImports.clientId,
      status: invitationImports.status,
      lookedAt: invitationImports.lookedAt,
      pausedUntil: invitationImports.pausedUntil,
      pausedBy: invitationImports.pausedBy,
    })
    .from(invitationImports)
    .where(and(eq(invitationImports.id, importId), eq(invitationImports.importedBy, userId)))
  return row ?? null
}

export async function countLines(db: Reader, importId: string) {
  const { outcome } = invitationImportLines
  const number = (condition: ReturnType<typeof sql>) =>
    sql<number>`(count(*) filter (where ${condition}))::int`
  const [counts] = await db
    .select({
      all: sql<number>`count(*)::int`,
      open: number(sql`${outcome} is null`),
      invited: number(sql`${outcome} = 'invited'`),
      refused: number(sql`${outcome} <> 'invited'`),
    })
    .from(invitationImportLines)
    .where(eq(invitationImportLines.importId, importId))
  if (!counts) throw new Error('count returned no row')
  return counts
}

export function readLines(
  db: Reader,
  importId: string,
  { after, refusedOnly, limit }: { after: number; refusedOnly: boolean; limit: number },
) {
  const { line, outcome } = invitationImportLines
  const refused = and(isNotNull(outcome), ne(outcome, 'invited'))
  return db
    .select()
    .from(invitationImportLines)
    .where(
      and(eq(invitationImportLines.importId, importId), gt(line, after), refusedOnly ? refused : undefined),
    )
    .orderBy(asc(line))
    .limit(limit)
}
