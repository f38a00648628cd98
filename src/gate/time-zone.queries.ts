import { asc, eq, or } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { isTimeZone } from '../platform/time/time-zones.ts'

/** The time zone of mails to the people of an account: its own, else the platform's, else UTC. */
export async function readTimeZone(db: Reader, clientId: string): Promise<string> {
  const { id, timeZone, isPlatform } = clients
  const rows = await db
    .select({ timeZone })
    .from(clients)
    .where(or(eq(isPlatform, true), eq(id, clientId)))
    .orderBy(asc(isPlatform))
  const chosen = rows.find((row) => row.timeZone !== null)?.timeZone ?? 'UTC'
  // Another version of Node may have known a zone that this one does not: a mail is sent all the same.
  return isTimeZone(chosen) ? chosen : 'UTC'
}
