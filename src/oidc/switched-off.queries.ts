import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { validate as isUuid } from 'uuid'
import { admissionColumns } from '../applications/admission.queries.ts'
import { mayEnter } from '../applications/may-enter.ts'
import type { Person } from '../gate/facts.ts'
import type { Reader } from '../platform/db/client.ts'
import { applications } from '../platform/db/schema/applications.ts'

/** The application that a person cannot enter only because it is switched off. Others learn nothing of it. */
export async function readSwitchedOff(
  db: Reader,
  applicationId: unknown,
  { clientId, roleGroups }: Person,
): Promise<{ name: string } | null> {
  if (!isUuid(applicationId)) return null
  const [row] = await db
    .select({ name: applications.name, admission: admissionColumns(sql`${clientId}`) })
    .from(applications)
    .where(and(eq(applications.id, String(applicationId)), isNotNull(applications.disabledAt)))
  if (!row) return null
  const refusal = mayEnter({ roleGroups, codeProven: true }, { ...row.admission, disabled: false })
  return refusal === null ? { name: row.name } : null
}
