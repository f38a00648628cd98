import { bigint, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bytea, instant } from '../columns.ts'

/** The hash chain over the audit log. Append-only by trigger. The seal of a deleted event proves the deletion. */
export const auditSeals = pgTable('audit_seals', {
  /** From 1 without gaps. The order of sealing differs from the order of ids and times. */
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  eventId: uuid('event_id').notNull().unique(),
  keyId: text('key_id'),
  hash: bytea('hash').notNull(),
  sealedAt: instant('sealed_at').notNull(),
})

/** Pending events. A trigger inserts each new event. Sealing deletes it. */
export const auditUnsealed = pgTable('audit_unsealed', { eventId: uuid('event_id').primaryKey() })
