import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Refused } from '../access/outcome.ts'
import type { Refusal } from '../access/refusals.ts'
import type { Config } from '../config.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { HOUR, MINUTE } from '../platform/time/durations.ts'

type Limits = Pick<Config, 'INVITATIONS_OPEN_MAX' | 'INVITATIONS_PER_HOUR'>

/** The rest stays for single invitations while a long file is under way. */
const SHARE_OF_IMPORTS = 0.9
/** When people accept invitations is unknown, so an import retries. */
const RETRY_AFTER_MS = 10 * MINUTE

export type Allowance = { left: number; refusal: null } | LimitReached

interface LimitReached {
  left: 0
  refusal: Refusal
  retryAt: Date
}

/** The refusal of one invitation. How long open invitations stay open is unknown. */
export function limitReached({ refusal, retryAt }: LimitReached, now: Date): Omit<Refused, 'ok'> {
  const retryAfterMs = retryAt.getTime() - now.getTime()
  return refusal === 'invitations-within-hour' ? { refusal, retryAfterMs } : { refusal }
}

export function limitsOfImports({ INVITATIONS_OPEN_MAX, INVITATIONS_PER_HOUR }: Limits): Limits {
  const share = (limit: number) => Math.max(1, Math.floor(limit * SHARE_OF_IMPORTS))
  return {
    INVITATIONS_OPEN_MAX: share(INVITATIONS_OPEN_MAX),
    INVITATIONS_PER_HOUR: share(INVITATIONS_PER_HOUR),
  }
}

/**
 * Counts the invitations of an account within the hour, those sent again included, and the open ones. Locks the allowance
 * until the transaction ends, in which the caller sends.
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
  const sent = await tx.$count(invitations, sentWithinHour)
  if (sent >= INVITATIONS_PER_HOUR) {
    const [oldest] = await tx
      .select({ at: invitations.createdAt })
      .from(invitations)
      .where(sentWithinHour)
      .orderBy(asc(invitations.createdAt))
      .offset(sent - INVITATIONS_PER_HOUR)
      .limit(1)
    const retryAt = new Date((oldest?.at ?? now).getTime() + HOUR)
    return { left: 0, refusal: 'invitations-within-hour', retryAt }
  }
  const open = await tx.$count(invitations, isOpen)
  if (open >= INVITATIONS_OPEN_MAX) {
    const retryAt = new Date(now.getTime() + RETRY_AFTER_MS)
    return { left: 0, refusal: 'invitations-open', retryAt }
  }
  return { left: Math.min(INVITATIONS_PER_HOUR - sent, INVITATIONS_OPEN_MAX - open), refusal: null }
}
