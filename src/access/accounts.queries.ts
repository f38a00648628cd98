import { eq } from 'drizzle-orm'
import { validate as isUuid, NIL } from 'uuid'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'

export interface Account {
  id: string
  name: string
  parentId: string | null
  isPlatform: boolean
  suspendedAt: Date | null
}

/** The query for a client account, to run as it is or with a lock. An id that is no UUID finds nothing. */
export function accountById(db: Reader, clientId: string) {
  return db
    .select({
      id: clients.id,
      name: clients.name,
      parentId: clients.parentId,
      isPlatform: clients.isPlatform,
      suspendedAt: clients.suspendedAt,
    })
    .from(clients)
    .where(eq(clients.id, isUuid(clientId) ? clientId : NIL))
}
