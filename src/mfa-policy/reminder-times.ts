// When a person who has not set up MFA is reminded by mail without an Admin asking for it. Pure.
import { DAY } from '../platform/time/durations.ts'

/** What decides since when MFA applies to an active person without an authenticator. */
export interface Lacking {
  ofPlatform: boolean
  activatedAt: Date | null
  /** When their last authenticator was revoked. */
  resetAt: Date | null
  /** `requiredFrom`: null if the policy does not require MFA of it. */
  roleGroups: readonly { requiredFrom: Date | null; grantedAt: Date | null }[]
}

/** Days after MFA began to apply. */
const AFTER = [1, 7, 14]
/** A reminder that is late for longer is left out, so that an outage or an update mails no one about old times. */
const LAPSES_MS = 7 * DAY
/** Between two mails that ask a person to set up MFA, also those that an Admin asked for. */
export const REMINDER_REST_MS = DAY

/** Since when, or from when on, MFA applies to a person, as `mfaRequired` says. Null if it does not. */
export function appliesFrom({ ofPlatform, activatedAt, resetAt, roleGroups }: Lacking): Date | null {
  const begins = roleGroups.flatMap(({ requiredFrom, grantedAt }) =>
    requiredFrom === null ? [] : [Math.max(ms(requiredFrom), ms(grantedAt))],
  )
  const always = ofPlatform || roleGroups.length === 0
  if (!always && begins.length === 0) return null
  const required = always ? Number.NEGATIVE_INFINITY : Math.min(...begins)
  return new Date(Math.max(required, ms(activatedAt), ms(resetAt)))
}

/** Whether a reminder is due now: a day before MFA begins to apply, or 1, 7 and 14 days after, each once. */
export function isReminderDue(applies: Date, remindedAt: Date | null, now: Date): boolean {
  const dueAt = lastDue(applies.getTime(), now.getTime())
  if (dueAt === null) return false
  if (remindedAt === null) return true
  return remindedAt.getTime() < dueAt && now.getTime() - remindedAt.getTime() >= REMINDER_REST_MS
}

/** When the last reminder fell due; null if none did, or if it lapsed. */
function lastDue(applies: number, now: number): number | null {
  if (now < applies) return now >= applies - DAY ? applies - DAY : null
  const dueAt = AFTER.map((days) => applies + days * DAY).findLast((due) => due <= now)
  return dueAt === undefined || now - dueAt >= LAPSES_MS ? null : dueAt
}

/** A missing time counts as 1970. */
function ms(instant: Date | null): number {
  return instant?.getTime() ?? 0
}
