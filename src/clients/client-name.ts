import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import type { Transaction } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { typedLine } from '../platform/http/typed-text.ts'

const MAX_CLIENT_NAME = 100

export const NAME_MISSING = `Give the account a name, at most ${MAX_CLIENT_NAME} characters.`
export const NAME_TAKEN = 'There is already an account with this name there.'

/** The name of a client account as typed. */
export const clientName = typedLine(MAX_CLIENT_NAME)

/**
 * Whether another account directly below `parentId` (null: at the top) has this name, in whatever case. Holds
 * the names there until the transaction ends, so that two people do not give the same one at the same time.
 */
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
