import { integer, pgEnum, pgTable, primaryKey } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'

/** When a back-up was completed, as the back-up script says with `npm run mark-backup`. */
export const backupMarks = pgTable('backup_marks', {
  id: id(),
  at: instant('at').notNull().defaultNow(),
})

export const signInKind = pgEnum('sign_in_kind', ['completed', 'failed', 'refused'])

/** Sign-ins of each minute, in all accounts. Counted as their events are sealed. */
export const signInCounts = pgTable(
  'sign_in_counts',
  {
    minute: instant('minute').notNull(),
    kind: signInKind('kind').notNull(),
    events: integer('events').notNull(),
  },
  (t) => [primaryKey({ columns: [t.minute, t.kind] })],
)
