import { desc, eq } from 'drizzle-orm'
import type { Account } from '../access/view-account.ts'
import type { Reader } from '../db/client.ts'
import { roleGroups } from '../db/schema/role-groups.ts'

/** The role groups that users of this account can hold, the highest first, as the choices of a form. */
export function readRoleGroupChoices(db: Reader, { isPlatform }: Pick<Account, 'isPlatform'>) {
  return db
    .select({ value: roleGroups.key, label: roleGroups.name })
    .from(roleGroups)
    .where(eq(roleGroups.ofPlatform, isPlatform))
    .orderBy(desc(roleGroups.rank), roleGroups.name)
}
