// The role groups of which an account requires MFA, in words. Pure.
import { isInForce, type Requirement } from '../gate/mfa-required.ts'
import { instantText } from '../platform/time/instant-text.ts'

/** 'Admin, Finance Admin (from 1 Dec 2026, 09:00 CET)'; empty without any. */
export function requirementText(
  requirements: readonly (Requirement & { name: string })[],
  now: Date,
  timeZone: string,
): string {
  return requirements
    .map(({ name, startsAt }) =>
      startsAt === null || isInForce({ startsAt }, now)
        ? name
        : `${name} (from ${instantText(startsAt, timeZone)})`,
    )
    .join(', ')
}
