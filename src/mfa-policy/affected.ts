// Whom a change of the MFA policy concerns. Pure.
import { mfaRequired } from '../gate/facts.ts'
import { countPeople, type Headcount } from '../users/headcount.ts'

/** Disabled users do not count. */
export interface Affected {
  /** Of whom MFA becomes required, and how many of them have no authenticator. */
  required: { people: number; notEnrolled: number }
  /** Of whom it is no longer required, and how many of them have no authenticator. */
  released: { people: number; notEnrolled: number }
}

/** Counts whom it concerns when MFA is required of the role groups `next` (keys) instead of `current`. */
export function affectedBy(
  headcounts: readonly Headcount[],
  { current, next }: { current: readonly string[]; next: readonly string[] },
): Affected {
  const counts = headcounts.filter(({ status }) => status !== 'disabled')
  const under = (policy: readonly string[], { roleGroups }: Headcount) =>
    mfaRequired({
      ofPlatform: false,
      roleGroups: roleGroups.map((key) => ({ requiresMfa: policy.includes(key) })),
    })
  const counted = (fits: (count: Headcount) => boolean) => ({
    people: countPeople(counts, fits),
    notEnrolled: countPeople(counts, (count) => fits(count) && !count.enrolled),
  })
  return {
    required: counted((count) => !under(current, count) && under(next, count)),
    released: counted((count) => under(current, count) && !under(next, count)),
  }
}
