import { index, pgTable, uuid } from 'drizzle-orm/pg-core'
import { instant } from '../columns.ts'
import { authenticators } from './authenticators.ts'
import { clients } from './clients.ts'
import { users } from './users.ts'

/**
 * A person past the password says that they lost their authenticator. The last request of each person; it resets nothing.
 * Whether it is open follows from the authenticator: see reset-requests.queries.ts.
 */
export const resetRequests = pgTable(
  'reset_requests',
  {
    userId: uuid('user_id')
      .primaryKey()
      .references(() => users.id, { onDelete: 'cascade' }),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'restrict' }),
    authenticatorId: uuid('authenticator_id')
      .notNull()
      .references(() => authenticators.id, { onDelete: 'cascade' }),
    askedAt: instant('asked_at').notNull(),
  },
  (t) => [
    index('reset_requests_client').on(t.clientId, t.askedAt),
    index('reset_requests_asked').on(t.askedAt),
  ],
)
