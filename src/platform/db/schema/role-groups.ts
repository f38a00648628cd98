import { boolean, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

/** A deployment can add its own. A user may grant role groups up to their own `rank`. */
export const roleGroups = pgTable('role_groups', {
  id: id(),
  key: text('key').notNull().unique(),
  name: text('name').notNull(),
  rank: integer('rank').notNull(),
  isAdmin: boolean('is_admin').notNull().default(false),
  isServiceDesk: boolean('is_service_desk').notNull().default(false),
  isOperator: boolean('is_operator').notNull().default(false),
  /** Users of the platform account hold only such role groups, other users none. Enforced by a trigger. */
  ofPlatform: boolean('of_platform').notNull().default(false),
})

export const memberships = pgTable(
  'memberships',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    roleGroupId: uuid('role_group_id')
      .notNull()
      .references(() => roleGroups.id, { onDelete: 'restrict' }),
    grantedBy: uuid('granted_by').references(() => users.id, { onDelete: 'restrict' }),
    grantedAt: instant('granted_at'),
  },
  (t) => [
    primaryKey({ columns: [t.userId, t.roleGroupId] }),
    index('memberships_role_group').on(t.roleGroupId),
  ],
)

export const mfaPolicies = pgTable(
  'mfa_policies',
  {
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    roleGroupId: uuid('role_group_id')
      .notNull()
      .references(() => roleGroups.id, { onDelete: 'restrict' }),
    createdAt: instant('created_at').notNull().defaultNow(),
    /** Null: at once. */
    startsAt: instant('starts_at'),
    /** When the start was put on record. */
    startedAt: instant('started_at'),
  },
  (t) => [primaryKey({ columns: [t.clientId, t.roleGroupId] })],
)
