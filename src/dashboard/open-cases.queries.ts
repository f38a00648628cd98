import { and, asc, desc, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { notifications } from '../platform/db/schema/notifications.ts'
import { outbox } from '../platform/db/schema/outbox.ts'
import { users } from '../platform/db/schema/users.ts'
import type { JobName } from '../platform/outbox/jobs.ts'

const SHOWN = 10
const MAIL: JobName = 'send-notification'

export interface UndeliveredMail {
  id: string
  kind: string
  userId: string
  name: string
  clientName: string
  failedAt: Date | null
}

export interface UnguardedAccount {
  id: string
  name: string
}

export interface Shortened<Item> {
  items: Item[]
  more: boolean
}

export async function readUndeliveredMails(db: Reader): Promise<Shortened<UndeliveredMail>> {
  const notificationId = sql`(${outbox.payload} ->> 'notificationId')::uuid`
  const rows = await db
    .select({
      id: outbox.id,
      kind: notifications.kind,
      userId: users.id,
      name: users.name,
      clientName: clients.name,
      failedAt: outbox.failedAt,
    })
    .from(outbox)
    .innerJoin(notifications, eq(notifications.id, notificationId))
    .innerJoin(users, eq(users.id, notifications.recipientId))
    .innerJoin(clients, eq(clients.id, users.clientId))
    .where(and(isNull(outbox.doneAt), isNotNull(outbox.failedAt), eq(outbox.job, MAIL)))
    .orderBy(desc(outbox.failedAt))
    .limit(SHOWN + 1)
  return shorten(rows)
}

export async function readUnguardedAccounts(db: Reader): Promise<Shortened<UnguardedAccount>> {
  const rows = await db
    .select({ id: clients.id, name: clients.name })
    .from(clients)
    .where(
      and(
        eq(clients.isPlatform, false),
        isNull(clients.suspendedAt),
        sql`${clients.id} not in (
          select u.client_id from role_groups r
          join memberships m on m.role_group_id = r.id
          join users u on u.id = m.user_id and u.status = 'active'
          join authenticators a on a.user_id = u.id and a.status = 'active'
          where r.is_admin
        )`,
      ),
    )
    .orderBy(sql`lower(${clients.name})`, asc(clients.id))
    .limit(SHOWN + 1)
  return shorten(rows)
}

function shorten<Item>(rows: Item[]): Shortened<Item> {
  return { items: rows.slice(0, SHOWN), more: rows.length > SHOWN }
}
