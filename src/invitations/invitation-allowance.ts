import { and, asc, count, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Refused } from '../access/outcome.ts'
import type { Refusal } from '../access/refusals.ts'
import type { Config } from '../config.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { HOUR, MINUTE } from '../platform/time/durations.ts'

type Limits = Pick<Config, 'INVITATIONS_OPEN_MAX' | 'INVITATIONS_PER_HOUR'>

/** An import leaves a tenth, so that one person can still be invited beside a long file. */
const SHARE_OF_IMPORTS = 0.9
/** Open invitations end when people accept them, which nothing tells in advance. */
const LOOK_AGAIN_AFTER_MS = 10 * MINUTE

/** How many invitations an account may send now. With none left: why, and when to try again. */
export type Allowance = { left: number; refusal: null } | LimitReached

interface LimitReached {
  left: 0
  refusal: Refusal
  /** When to look again. */
  againAt: Date
}

/** The refusal of one invitation. How long an open one stays open is not known. */
export function limitReached({ refusal, againAt }: LimitReached, now: Date): Omit<Refused, 'ok'> {
  const retryAfterMs = againAt.getTime() - now.getTime()
  return refusal === 'invitations-within-hour' ? { refusal, retryAfterMs } : { refusal }
}

/** What an import may use of the limits. */
export function limitsOfImports({ INVITATIONS_OPEN_MAX, INVITATIONS_PER_HOUR }: Limits): Limits {
  const share = (limit: number) => Math.max(1, Math.floor(limit * SHARE_OF_IMPORTS))
  return {
    INVITATIONS_OPEN_MAX: share(INVITATIONS_OPEN_MAX),
    INVITATIONS_PER_HOUR: share(INVITATIONS_PER_HOUR),
  }
}

/**
 * Counts what an account has sent within the hour, again included, and what is open. Locks the account's allowance, so
 * that many at once do not exceed it: the caller sends in the same transaction.
 */
export async function invitationAllowance(
  tx: Transaction,
  { INVITATIONS_OPEN_MAX, INVITATIONS_PER_HOUR }: Limits,
  clientId: string,
  now: Date,
): Promise<Allowance> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`invitations of ${clientId}`}, 0))`)
  const sentWithinHour = and(
    eq(invitations.clientId, clientId),
    gt(invitations.createdAt, new Date(now.getTime() - HOUR)),
  )
  const isOpen = and(
    eq(invitations.clientId, clientId),
    isNull(invitations.usedAt),
    isNull(invitations.revokedAt),
    gt(invitations.expiresAt, now),
  )
  const sent = await countOf(tx, sentWithinHour)
  if (sent >= INVITATIONS_PER_HOUR) {
    const [oldest] = await tx
      .select({ at: invitations.createdAt })
      .from(invitations)
      .where(sentWithinHour)
      .orderBy(asc(invitations.createdAt))
      .offset(sent - INVITATIONS_PER_HOUR)
      .limit(1)
    const againAt = new Date((oldest?.at ?? now).getTime() + HOUR)
    return { left: 0, refusal: 'invitations-within-hour', againAt }
  }
  const open = await countOf(tx, isOpen)
  if (open >= INVITATIONS_OPEN_MAX) {
    const againAt = new Date(now.getTime() + LOOK_AGAIN_AFTER_MS)
    return { left: 0, refusal: 'invitations-open', againAt }
  }
  return { left: Math.min(INVITATIONS_PER_HOUR - sent, INVITATIONS_OPEN_MAX - open), refusal: null }
}

async function countOf(tx: Transaction, condition: ReturnType<typeof and>): Promise<number> {
  const [row] = await tx.select({ count: count() }).from(invitations).where(condition)
  return row?.count ?? 0
}
