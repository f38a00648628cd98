import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  index,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { JSONWebKeySet } from 'jose'
import { bytea, id, instant } from '../columns.ts'
import { clients } from './clients.ts'
import { roleGroups } from './role-groups.ts'
import { users } from './users.ts'

export const applicationWay = pgEnum('application_way', ['openid-connect', 'forward-auth'])
export const clientAuthMethod = pgEnum('client_auth_method', ['client_secret_basic', 'private_key_jwt'])

/** A dashboard that the gate protects. Its id is also its OpenID Connect `client_id`. */
export const applications = pgTable(
  'applications',
  {
    id: id(),
    name: text('name').notNull(),
    icon: text('icon').notNull(),
    /** The page that opens from a tile. */
    address: text('address').notNull(),
    way: applicationWay('way').notNull(),
    /** Forward authentication: the host of `address`, in lower case, with its port unless it is the default one. */
    host: text('host'),
    /** Else the accounts of `application_clients`. */
    everyClient: boolean('every_client').notNull().default(false),
    /** Demanded even where the MFA policy of the account does not require it. */
    requiresMfa: boolean('requires_mfa').notNull().default(false),
    clientAuth: clientAuthMethod('client_auth').notNull().default('client_secret_basic'),
    /** The public keys of `private_key_jwt`. */
    publicKeys: jsonb('public_keys').$type<JSONWebKeySet>(),
    redirectUris: text('redirect_uris').array().notNull().default([]),
    postLogoutRedirectUris: text('post_logout_redirect_uris').array().notNull().default([]),
    backChannelLogoutUri: text('back_channel_logout_uri'),
    idTokenAlg: text('id_token_alg').$type<'RS256' | 'EdDSA'>().notNull().default('RS256'),
    refreshTokens: boolean('refresh_tokens').notNull().default(true),
    createdAt: instant('created_at').notNull(),
    createdBy: uuid('created_by').references(() => users.id, { onDelete: 'restrict' }),
    disabledAt: instant('disabled_at'),
  },
  (t) => [
    uniqueIndex('applications_name').on(sql`lower(${t.name})`),
    uniqueIndex('applications_host').on(t.host),
    check('applications_name_not_blank', sql`btrim(${t.name}) <> ''`),
    check('applications_host_of_forward_auth', sql`(${t.way} = 'forward-auth') = (${t.host} is not null)`),
    check('applications_id_token_alg', sql`${t.idTokenAlg} in ('RS256', 'EdDSA')`),
  ],
)

/** The client accounts whose users may enter. */
export const applicationClients = pgTable(
  'application_clients',
  {
    applicationId: uuid('application_id')
      .notNull()
      .references(() => applications.id, { onDelete: 'restrict' }),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
  },
  (t) => [
    primaryKey({ columns: [t.applicationId, t.clientId] }),
    index('application_clients_client').on(t.clientId),
  ],
)

/** The role groups that may enter. A user needs one of them. */
export const applicationRoleGroups = pgTable(
  'application_role_groups',
  {
    applicationId: uuid('application_id')
      .notNull()
      .references(() => applications.id, { onDelete: 'restrict' }),
    roleGroupId: uuid('role_group_id')
      .notNull()
      .references(() => roleGroups.id, { onDelete: 'restrict' }),
  },
  (t) => [primaryKey({ columns: [t.applicationId, t.roleGroupId] })],
)

/** Client secrets. After a rotation two are valid until the older one expires. */
export const applicationSecrets = pgTable(
  'application_secrets',
  {
    id: id(),
    applicationId: uuid('application_id')
      .notNull()
      .references(() => applications.id, { onDelete: 'restrict' }),
    /** SHA-256. No salt and no slow hash, because the secret has 256 bit of entropy. */
    secretHash: bytea('secret_hash').notNull(),
    createdAt: instant('created_at').notNull(),
    createdBy: uuid('created_by').references(() => users.id, { onDelete: 'restrict' }),
    expiresAt: instant('expires_at'),
  },
  (t) => [index('application_secrets_application').on(t.applicationId)],
)

/** Who uses which application, since when. */
export const applicationUses = pgTable(
  'application_uses',
  {
    applicationId: uuid('application_id')
      .notNull()
      .references(() => applications.id, { onDelete: 'cascade' }),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    firstUsedAt: instant('first_used_at').notNull(),
    lastUsedAt: instant('last_used_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.applicationId, t.userId] }), index('application_uses_user').on(t.userId)],
)
