import { asc, isNull, sql } from 'drizzle-orm'
import type { Person } from '../gate/facts.ts'
import type { Reader } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'
import { admissionColumns } from './admission.queries.ts'
import { mayEnter } from './may-enter.ts'

export interface Tile {
  id: string
  name: string
  icon: string
  address: string
  /** The application demands MFA, and this session has none. */
  needsMfa: boolean
}

/** The applications that a signed-in person may enter, by name. */
export async function readTiles(
  db: Reader,
  { clientId, roleGroups }: Pick<Person, 'clientId' | 'roleGroups'>,
  codeProven: boolean,
): Promise<Tile[]> {
  const { id, name, icon, address } = applications
  const rows = await db
    .select({ id, name, icon, address, ...admissionColumns(sql`${clientId}`) })
    .from(applications)
    .where(isNull(applications.disabledAt))
    .orderBy(asc(sql`lower(${name})`))
  return rows.flatMap(({ id, name, icon, address, ...admission }) => {
    const refusal = mayEnter({ roleGroups, codeProven }, admission)
    return refusal === null || refusal === 'mfa'
      ? [{ id, name, icon, address, needsMfa: refusal === 'mfa' }]
      : []
  })
}
