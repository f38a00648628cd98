import { and, desc, eq, inArray, isNull } from 'drizzle-orm'
import type { Request, Response } from 'express'
import type { Deps } from '../deps.ts'
import type { Origin } from '../platform/audit/record.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'
import { users } from '../platform/db/schema/users.ts'
import {
  browserTokensOf,
  hashBrowserToken,
  KNOWN_FOR_MS,
  newBrowserToken,
  setBrowserTokens,
} from './known-browser-cookie.ts'
import { isKnown } from './known-browsers.queries.ts'

/** Of one user. The one used longest ago is dropped. */
const MAX_KNOWN_BROWSERS = 10

/** Makes the browser of a completed sign-in known for 90 days, unless the session of `epoch` has ended meanwhile. */
export async function rememberBrowser(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  req: Request,
  res: Response,
  { userId, epoch }: { userId: string; epoch: number },
  origin: Origin,
): Promise<void> {
  const presented = browserTokensOf(req, deps.config)
  if (await renew(deps, userId, presented, origin)) return setBrowserTokens(res, presented, deps.config)
  const token = await add(deps, { userId, epoch }, origin)
  if (token) setBrowserTokens(res, [token, ...presented], deps.config)
}

async function renew(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  userId: string,
  presented: readonly string[],
  { userAgent }: Origin,
): Promise<boolean> {
  if (presented.length === 0) return false
  const now = clock.now()
  const renewed = await db
    .update(knownBrowsers)
    .set({ userAgent, lastUsedAt: now, expiresAt: new Date(now.getTime() + KNOWN_FOR_MS) })
    .where(
      and(
        eq(knownBrowsers.userId, userId),
        inArray(knownBrowsers.tokenHash, presented.map(hashBrowserToken)),
        isKnown(now),
      ),
    )
    .returning({ id: knownBrowsers.id })
  return renewed.length > 0
}

function add(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { userId, epoch }: { userId: string; epoch: number },
  { userAgent }: Origin,
): Promise<string | null> {
  return db.transaction(async (tx) => {
    // Ending known browsers locks the user too.
    const live = await tx
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, userId), eq(users.sessionEpoch, epoch)))
      .for('no key update')
    if (live.length === 0) return null

    const now = clock.now()
    const token = newBrowserToken()
    await tx.insert(knownBrowsers).values({
      userId,
      tokenHash: hashBrowserToken(token),
      userAgent,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: new Date(now.getTime() + KNOWN_FOR_MS),
    })
    const tooMany = tx
      .select({ id: knownBrowsers.id })
      .from(knownBrowsers)
      .where(and(eq(knownBrowsers.userId, userId), isKnown(now)))
      .orderBy(desc(knownBrowsers.lastUsedAt), desc(knownBrowsers.id))
      .offset(MAX_KNOWN_BROWSERS)
    await tx
      .update(knownBrowsers)
      .set({ endedAt: now })
      .where(and(inArray(knownBrowsers.id, tooMany), isNull(knownBrowsers.endedAt)))
    return token
  })
}
