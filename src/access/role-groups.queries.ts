import { desc, eq } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { preparedOnce } from '../platform/db/prepared-once.ts'
import { roleGroups } from '../platform/db/schema/role-groups.ts'
import type { Account } from './accounts.queries.ts'
import type { RoleGroupChoice } from './choose-role-groups.ts'

/** The role groups of this account as the choices of a form, the highest first. */
export function readRoleGroupChoices(db: Reader, { isPlatform }: Pick<Account, 'isPlatform'>) {
  return db
    .select({ value: roleGroups.key, label: roleGroups.name })
    .from(roleGroups)
    .where(eq(roleGroups.ofPlatform, isPlatform))
    .orderBy(desc(roleGroups.rank), roleGroups.name)
}

export function readRoleGroups(db: Reader): Promise<RoleGroupChoice[]> {
  return roleGroupsQuery(db).execute()
}

const roleGroupsQuery = preparedOnce((db) =>
  db
    .select({
      id: roleGroups.id,
      key: roleGroups.key,
      name: roleGroups.name,
      rank: roleGroups.rank,
      isAdmin: roleGroups.isAdmin,
      isServiceDesk: roleGroups.isServiceDesk,
      isOperator: roleGroups.isOperator,
      ofPlatform: roleGroups.ofPlatform,
    })
    .from(roleGroups)
    .orderBy(desc(roleGroups.rank), roleGroups.name)
    .prepare('read_role_groups'),
)
