import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { bytea, instant } from '../columns.ts'
import { clients } from './clients.ts'

/** The logo of an account: a draft that only the Service Desk sees, and the public one. */
export const clientLogos = pgTable(
  'client_logos',
  {
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'cascade' }),
    state: text('state').$type<'draft' | 'public'>().notNull(),
    /** SHA-256 of the content, in hex. The public address. */
    hash: text('hash').notNull(),
    type: text('type').$type<'svg' | 'png'>().notNull(),
    content: bytea('content').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    savedAt: instant('saved_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.clientId, t.state] }),
    index('client_logos_public').on(t.hash).where(sql`${t.state} = 'public'`),
    check('client_logos_state', sql`${t.state} in ('draft', 'public')`),
    check('client_logos_size', sql`octet_length(${t.content}) <= 65536`),
  ],
)
