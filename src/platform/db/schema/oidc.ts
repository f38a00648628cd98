import { sql } from 'drizzle-orm'
import { index, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, id, instant } from '../columns.ts'
import { applications } from './applications.ts'
import { sessions } from './sessions.ts'
import { users } from './users.ts'

/**
 * What one session has granted to one application. Every code and token hangs on it. A trigger enqueues the back-channel
 * logout when the session row goes away or `endedAt` is set.
 */
export const oidcGrants = pgTable(
  'oidc_grants',
  {
    id: id(),
    applicationId: uuid('application_id')
      .notNull()
      .references(() => applications.id, { onDelete: 'restrict' }),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'restrict' }),
    /** Null: the session has ended. Signing in renames the row of a session. */
    sessionId: text('session_id').references(() => sessions.id, {
      onUpdate: 'cascade',
      onDelete: 'set null',
    }),
    /** The `sid` claim of ID tokens and logout tokens. */
    sid: text('sid').notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    endedAt: instant('ended_at'),
    /** When the application answered the logout token. */
    toldAt: instant('told_at'),
  },
  (t) => [
    uniqueIndex('oidc_grants_one_of_session')
      .on(t.sessionId, t.applicationId)
      .where(sql`${t.endedAt} is null`),
    index('oidc_grants_open')
      .on(t.applicationId, t.userId)
      .where(sql`${t.endedAt} is null and ${t.sessionId} is not null`),
    index('oidc_grants_session').on(t.sessionId),
    index('oidc_grants_user').on(t.userId),
    index('oidc_grants_expires').on(t.expiresAt),
  ],
)

/** Codes, tokens, interactions, pushed requests and used assertions of the provider. Ids are stored as SHA-256. */
export const oidcArtifacts = pgTable(
  'oidc_artifacts',
  {
    model: text('model').notNull(),
    idHash: bytea('id_hash').notNull(),
    grantId: uuid('grant_id').references(() => oidcGrants.id, { onDelete: 'cascade' }),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    expiresAt: instant('expires_at').notNull(),
    consumedAt: instant('consumed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.model, t.idHash] }),
    index('oidc_artifacts_grant').on(t.grantId),
    index('oidc_artifacts_expires').on(t.expiresAt),
  ],
)

/** What the provider keeps about a browser: the secret of its logout form. Signed-in browsers have their session. */
export const oidcSessions = pgTable(
  'oidc_sessions',
  {
    uid: text('uid').primaryKey(),
    sessionId: text('session_id')
      .unique()
      .references(() => sessions.id, { onUpdate: 'cascade', onDelete: 'cascade' }),
    idHash: bytea('id_hash').unique(),
    state: jsonb('state').$type<Record<string, unknown>>(),
    expiresAt: instant('expires_at').notNull(),
  },
  (t) => [index('oidc_sessions_expires').on(t.expiresAt)],
)
