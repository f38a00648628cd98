import { sql } from 'drizzle-orm'
import { check, index, pgEnum, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { id, instant } from '../columns.ts'
import { auditEvents } from './audit-events.ts'
import { authenticators } from './authenticators.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

export const mfaResetChannel = pgEnum('mfa_reset_channel', ['admin', 'service-desk'])
export const mfaResetStatus = pgEnum('mfa_reset_status', ['requested', 'completed'])
export const identifiedBy = pgEnum('identified_by', ['in-person', 'call-back', 'manager', 'video'])

export const mfaResetDigests = pgTable(
  'mfa_reset_digests',
  {
    id: id(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    endsAt: instant('ends_at').notNull(),
    sentAt: instant('sent_at'),
  },
  (t) => [uniqueIndex('mfa_reset_digests_one_open').on(t.clientId).where(sql`${t.sentAt} is null`)],
)

export const mfaResets = pgTable(
  'mfa_resets',
  {
    id: id(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    authenticatorId: uuid('authenticator_id')
      .notNull()
      .unique()
      .references(() => authenticators.id, { onDelete: 'restrict' }),
    requestedBy: uuid('requested_by')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    eventId: uuid('event_id')
      .notNull()
      .references(() => auditEvents.id, { onDelete: 'restrict' }),
    channel: mfaResetChannel('channel').notNull(),
    reason: text('reason').notNull(),
    ticket: text('ticket'),
    identifiedBy: identifiedBy('identified_by'),
    status: mfaResetStatus('status').notNull().default('requested'),
    requestedAt: instant('requested_at').notNull(),
    completedAt: instant('completed_at'),
    digestId: uuid('digest_id').references(() => mfaResetDigests.id, { onDelete: 'restrict' }),
  },
  (t) => [
    index('mfa_resets_user').on(t.userId, t.id),
    index('mfa_resets_client').on(t.clientId, t.id),
    index('mfa_resets_digest').on(t.digestId).where(sql`${t.digestId} is not null`),
    index('mfa_resets_in_progress').on(t.requestedAt).where(sql`${t.status} = 'requested'`),
    index('mfa_resets_requested').on(t.clientId, t.requestedAt),
    check('mfa_resets_never_of_oneself', sql`${t.userId} <> ${t.requestedBy}`),
    check(
      'mfa_resets_desk_shows_evidence',
      sql`${t.channel} <> 'service-desk' or (${t.ticket} is not null and ${t.identifiedBy} is not null)`,
    ),
    check('mfa_resets_completed_when', sql`(${t.status} = 'completed') = (${t.completedAt} is not null)`),
  ],
)
