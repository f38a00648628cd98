import { and, desc, eq, gt, isNull, type SQL, sql } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'
import { users } from '../platform/db/schema/users.ts'

export function isKnown(now: Date): SQL | undefined {
  return and(isNull(knownBrowsers.endedAt), gt(knownBrowsers.expiresAt, now))
}

export function readKnownBrowsers(db: Reader, userId: string, now: Date) {
  return db
    .select({
      id: knownBrowsers.id,
      tokenHash: knownBrowsers.tokenHash,
      userAgent: knownBrowsers.userAgent,
      createdAt: knownBrowsers.createdAt,
      lastUsedAt: knownBrowsers.lastUsedAt,
    })
    .from(knownBrowsers)
    .where(and(eq(knownBrowsers.userId, userId), isKnown(now)))
    .orderBy(desc(knownBrowsers.lastUsedAt), desc(knownBrowsers.id))
}

export interface CountOwner {
  id: string
  clientId: string
  /** Null for the count of all other browsers. */
  browserId: string | null
}

/** The user of a counted subject; null for an e-mail address without a user. */
export async function ownerOfCount(db: Reader, subject: string): Promise<CountOwner | null> {
  const [owner] = await db
    .select({ id: users.id, clientId: users.clientId, browserId: knownBrowsers.id })
    .from(users)
    .leftJoin(knownBrowsers, and(eq(knownBrowsers.userId, users.id), eq(knownBrowsers.id, subject)))
    .where(
      sql`${users.id} in (${subject}, (select user_id from known_browsers where known_browsers.id = ${subject}))`,
    )
  return owner ?? null
}
