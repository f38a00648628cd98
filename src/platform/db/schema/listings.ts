import { sql } from 'drizzle-orm'
import { boolean, customType, index, integer, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
import { userStatus } from './users.ts'

/** In the order of its bytes, whatever the database's own language: so words that begin alike stand together. */
const textInC = customType<{ data: string }>({ dataType: () => 'text collate "C"' })

/**
 * Under what every user is listed: under their account, and under each of their role groups. Each such list stands in
 * its index in the order of names, so that a page of it costs the same however long it is. Derived: triggers make it
 * at the end of each transaction that changes what it says, and nobody else writes it.
 */
export const listings = pgTable(
  'listings',
  {
    userId: uuid('user_id').notNull(),
    /** A role group's id; the account's for everybody in it; UNDER_NO_ROLE_GROUP for those who hold none. */
    listedUnder: uuid('listed_under').notNull(),
    clientId: uuid('client_id').notNull(),
    /** There is an active authenticator. */
    enrolled: boolean('enrolled').notNull(),
    status: userStatus('status').notNull(),
    /** The name in lower case. */
    sortName: textInC('sort_name').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.userId, t.listedUnder] }),
    index('listings_by_name').on(t.clientId, t.listedUnder, t.enrolled, t.status, t.sortName, t.userId),
  ],
)

export const UNDER_NO_ROLE_GROUP = '00000000-0000-0000-0000-000000000000'

/**
 * How many people of an account hold exactly these role groups and are so enrolled and of this status: whatever is
 * counted is a sum of few rows. Derived, as the listings are; of combinations that were left, a row of 0 stays.
 */
export const headcounts = pgTable(
  'headcounts',
  {
    clientId: uuid('client_id').notNull(),
    /** In the order of the ids. */
    roleGroupIds: uuid('role_group_ids').array().notNull().default(sql`'{}'`),
    enrolled: boolean('enrolled').notNull(),
    status: userStatus('status').notNull(),
    people: integer('people').notNull(),
  },
  (t) => [primaryKey({ columns: [t.clientId, t.roleGroupIds, t.enrolled, t.status] })],
)
