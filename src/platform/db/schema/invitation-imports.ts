import { sql } from 'drizzle-orm'
import { check, index, integer, jsonb, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

export const invitationImportStatus = pgEnum('invitation_import_status', ['draft', 'confirmed', 'done'])

/** A file of people to invite: looked at as a draft, carried out once somebody has confirmed it. */
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
    /** Where the confirmation came from, for the events that follow it. */
    origin: jsonb('origin').$type<Record<'address' | 'userAgent' | 'requestId', string | null>>(),
    createdAt: instant('created_at').notNull(),
    /** When it was first seen which addresses are taken. */
    lookedAt: instant('looked_at'),
    confirmedAt: instant('confirmed_at'),
    /** Its account has reached a limit; it goes on then. */
    pausedUntil: instant('paused_until'),
    /** The limit: the name of a refusal. */
    pausedBy: text('paused_by'),
    finishedAt: instant('finished_at'),
  },
  (t) => [
    index('invitation_imports_created').on(t.createdAt),
    check('invitation_imports_confirmed_when', sql`(${t.status} = 'draft') = (${t.confirmedAt} is null)`),
    check('invitation_imports_finished_when', sql`(${t.status} = 'done') = (${t.finishedAt} is not null)`),
  ],
)

/** A line of such a file, as it was read. */
export const invitationImportLines = pgTable(
  'invitation_import_lines',
  {
    importId: uuid('import_id')
      .notNull()
      .references(() => invitationImports.id, { onDelete: 'cascade' }),
    /** Where it begins in the file; the first line is 1. */
    line: integer('line').notNull(),
    email: text('email').notNull(),
    name: text('name').notNull(),
    /** As written: keys or names of role groups. */
    roleGroups: text('role_groups').notNull(),
    /** Null: to be invited. 'invited', or the name of what is wrong with it (judge-lines.ts). */
    outcome: text('outcome'),
    /** What the outcome refers to: the line it repeats, the role group that is not known, the refusal. */
    detail: text('detail').notNull().default(''),
  },
  (t) => [primaryKey({ columns: [t.importId, t.line] })],
)
