import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  boolean,
  check,
  index,
  pgTable,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'

export const clients = pgTable(
  'clients',
  {
    id: id(),
    name: text('name').notNull(),
    parentId: uuid('parent_id').references((): AnyPgColumn => clients.id, { onDelete: 'restrict' }),
    isPlatform: boolean('is_platform').notNull().default(false),
    suspendedAt: instant('suspended_at'),
    /** The support contact of its people; the platform's is the default. */
    supportText: text('support_text'),
    supportLink: text('support_link'),
    supportPhone: text('support_phone'),
    /** An IANA name, for mails to its people; the platform's is the default. */
    timeZone: text('time_zone'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [
    check('clients_name_not_blank', sql`btrim(${t.name}) <> ''`),
    check('clients_platform_stands_alone', sql`not (${t.isPlatform} and ${t.parentId} is not null)`),
    uniqueIndex('clients_one_platform').on(t.isPlatform).where(sql`${t.isPlatform}`),
    index('clients_parent').on(t.parentId),
    index('clients_by_name').on(sql`lower(${t.name})`, t.id),
    index('clients_search').using('gin', sql`lower(${t.name}) gin_trgm_ops`),
  ],
)
