import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

export const invitationImportStatus = pgEnum('invitation_import_status', ['draft', 'confirmed', 'done'])

/** A file of people to invite. A draft until it is confirmed. */
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
    /** Of the Service Desk. */
    ticket: text('ticket'),
    reason: text('reason'),
    /** Of the confirmation, for later audit events. */
    origin: jsonb('origin').$type<Record<'address' | 'userAgent' | 'requestId', string | null>>(),
    createdAt: instant('created_at').notNull(),
    /** When the addresses were first checked against existing users. */
    lookedAt: instant('looked_at'),
    confirmedAt: instant('confirmed_at'),
    /** The account reached a limit of invitations. */
    pausedUntil: instant('paused_until'),
    /** The name of the refusal. */
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
    /** Line number in the file, from 1. */
    line: integer('line').notNull(),
    email: text('email').notNull(),
    name: text('name').notNull(),
    /** As typed: keys or names. */
    roleGroups: text('role_groups').notNull(),
    /** Null if pending, 'invited', or the name of a problem (judge-lines.ts). */
    outcome: text('outcome'),
    /** The repeated line, the unknown role group or the refusal. */
    detail: text('detail').notNull().default(''),
  },
  (t) => [primaryKey({ columns: [t.importId, t.line] })],
)
