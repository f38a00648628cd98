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

/** '12 people, 9 not enrolled: they will be asked to enrol at their next request.' One sentence for each direction of the change. */
export function affectedSentences(
  { required, released }: Affected,
  { adds, removes }: { adds: boolean; removes: boolean },
): string[] {
  return [adds && requiredSentence(required), removes && releasedSentence(released)].filter(
    (sentence) => sentence !== false,
  )
}

function requiredSentence({ people, notEnrolled }: Affected['required']): string {
  if (people === 0)
    return 'Nobody is affected just now. Anyone given one of these role groups will be asked to enrol.'
  const who = `${counted(people)}, ${notEnrolled.toLocaleString('en-GB')} not enrolled`
  return notEnrolled === 0
    ? `${who}: they are asked for a code already, and nothing changes for them.`
    : `${who}: they will be asked to enrol at their next request.`
}

function releasedSentence({ people, notEnrolled }: Affected['released']): string {
  if (people === 0) return 'It releases nobody just now.'
  return `${counted(people)} will no longer be required to use MFA, ${notEnrolled.toLocaleString('en-GB')} of them not enrolled. Anyone who is enrolled is still asked for a code.`
}

function counted(people: number): string {
  return people === 1 ? '1 person' : `${people.toLocaleString('en-GB')} people`
}
