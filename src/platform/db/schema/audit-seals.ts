import { bigint, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bytea, instant } from '../columns.ts'

/**
 * The chain over the audit log: each hash covers an event and the hash before it. Append-only: a trigger refuses
 * UPDATE, DELETE and TRUNCATE. No foreign key: a seal outlives an event that somebody removes, and so tells of it.
 */
export const auditSeals = pgTable('audit_seals', {
  /** Counts from 1 without a gap. The order of sealing, which is not that of the events' ids or times. */
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  eventId: uuid('event_id').notNull().unique(),
  /** Null: sealed before there were keys. */
  keyId: text('key_id'),
  /** HMAC-SHA-256 with that key, which the database never holds; without one SHA-256 (audit/chain.ts). */
  hash: bytea('hash').notNull(),
  sealedAt: instant('sealed_at').notNull(),
})

/** Events that wait to be sealed. A trigger puts each in as it is written; whoever seals it takes it out. */
export const auditUnsealed = pgTable('audit_unsealed', { eventId: uuid('event_id').primaryKey() })
