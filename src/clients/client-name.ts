import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { typedLine } from '../platform/http/typed-text.ts'

const MAX_CLIENT_NAME = 100

export const NAME_MISSING = `Give the account a name, at most ${MAX_CLIENT_NAME} characters.`
export const NAME_TAKEN = 'There is already an account with this name there.'

export const clientName = typedLine(MAX_CLIENT_NAME)

/** Whether an account below `parentId` (null: at the top) has this name, ignoring case. Locks the names there. */
export async function nameIsTaken(
  tx: Transaction,
  { name, parentId, except }: { name: string; parentId: string | null; except?: string },
): Promise<boolean> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`client names below ${parentId ?? 'none'}`}, 0))`,
  )
  const [taken] = await tx
    .select({ id: clients.id })
    .from(clients)
    .where(
      and(
        sql`lower(${clients.name}) = lower(${name})`,
        parentId === null ? isNull(clients.parentId) : eq(clients.parentId, parentId),
        except === undefined ? undefined : ne(clients.id, except),
      ),
    )
    .limit(1)
  return taken !== undefined
}
