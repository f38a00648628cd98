import { sql } from 'drizzle-orm'
import { boolean, customType, index, integer, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
import { instant } from '../columns.ts'
import { userStatus } from './users.ts'

/** Ordered as people order names: 'Émile' stands beside 'Emil', before 'Zoë'. */
const nameText = customType<{ data: string }>({ dataType: () => 'text collate "und-x-icu"' })

/** Each user under their account and each role group, indexed in the order of names. Written only by triggers. */
export const listings = pgTable(
  'listings',
  {
    userId: uuid('user_id').notNull(),
    /** The id of a role group or of the account. UNDER_NO_ROLE_GROUP for users without role groups. */
    listedUnder: uuid('listed_under').notNull(),
    clientId: uuid('client_id').notNull(),
    enrolled: boolean('enrolled').notNull(),
    status: userStatus('status').notNull(),
    sortName: nameText('sort_name').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.userId, t.listedUnder] }),
    index('listings_by_name').on(t.clientId, t.listedUnder, t.enrolled, t.status, t.sortName, t.userId),
  ],
)

/** When each user completed a sign-in last, '-infinity' if never. Written only by triggers. */
export const lastSignIns = pgTable(
  'last_sign_ins',
  {
    userId: uuid('user_id').primaryKey(),
    clientId: uuid('client_id').notNull(),
    at: instant('at').notNull(),
  },
  (t) => [index('last_sign_ins_by_time').on(t.clientId, t.at, t.userId)],
)

export const UNDER_NO_ROLE_GROUP = '00000000-0000-0000-0000-000000000000'

/** Users by exact set of role groups, enrolment and status: each count is a sum of few rows. Derived like `listings`. */
export const headcounts = pgTable(
  'headcounts',
  {
    clientId: uuid('client_id').notNull(),
    roleGroupIds: uuid('role_group_ids').array().notNull().default(sql`'{}'`),
    enrolled: boolean('enrolled').notNull(),
    status: userStatus('status').notNull(),
    people: integer('people').notNull(),
  },
  (t) => [primaryKey({ columns: [t.clientId, t.roleGroupIds, t.enrolled, t.status] })],
)
