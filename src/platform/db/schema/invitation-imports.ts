import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

export const invitationImportStatus = pgEnum('invitation_import_status', ['draft', 'confirmed', 'done'])

export const invitationImports = pgTable(
  'invitation_imports',
  {
    id: id(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    importedBy: uuid('imported_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    status: invitationImportStatus('status').notNull().default('draft'),
    ticket: text('ticket'),
    reason: text('reason'),
    origin: jsonb('origin').$type<Record<'address' | 'userAgent' | 'requestId', string | null>>(),
    createdAt: instant('created_at').notNull(),
    lookedAt: instant('looked_at'),
    confirmedAt: instant('confirmed_at'),
    pausedUntil: instant('paused_until'),
    pausedBy: text('paused_by'),
    finishedAt: instant('finished_at'),
  },
  (t) => [
    index('invitation_imports_created').on(t.createdAt),
    check('invitation_imports_confirmed_when', sql`(${t.status} = 'draft') = (${t.confirmedAt} is null)`),
    check('invitation_imports_finished_when', sql`(${t.status} = 'done') = (${t.finishedAt} is not null)`),
  ],
)

export const invitationImportLines = pgTable(
  'invitation_import_lines',
  {
    importId: uuid('import_id')
      .notNull()
      .references(() => invitationImports.id, { onDelete: 'cascade' }),
    line: integer('line').notNull(),
    email: text('email').notNull(),
    name: text('name').notNull(),
    roleGroups: text('role_groups').notNull(),
    /** Null if pending, 'invited', or the name of a problem (judge-lines.ts). */
    outcome: text('outcome'),
    detail: text('detail').notNull().default(''),
  },
  (t) => [primaryKey({ columns: [t.importId, t.line] })],
)
