import { pgTable, text } from 'drizzle-orm/pg-core'
import { bytea, instant } from '../columns.ts'

/** Keys of ID tokens, logout tokens and assertions. Published before they sign, and for a while after. */
export const signingKeys = pgTable('signing_keys', {
  kid: text('kid').primaryKey(),
  alg: text('alg').$type<'RS256' | 'EdDSA'>().notNull(),
  /** The private JWK, sealed. */
  sealed: bytea('sealed').notNull(),
  createdAt: instant('created_at').notNull(),
  signsFrom: instant('signs_from').notNull(),
  /** When it leaves the JWKS. */
  leavesAt: instant('leaves_at'),
})
