// How many users a change of the MFA policy affects, without disabled ones. Pure.
import {
  countPeople,
  type Headcount,
  inNumber,
  isCounted,
  peopleInWords,
  requiresMfa,
} from '../users/headcount.ts'

interface Group {
  people: number
  notEnrolled: number
}

export interface Affected {
  required: Group
  released: Group
}

export function affectedBy(
  headcounts: readonly Headcount[],
  { current, next }: { current: readonly string[]; next: readonly string[] },
): Affected {
  const counts = headcounts.filter(isCounted)
  const under = (policy: readonly string[], count: Headcount) =>
    requiresMfa(count, policy, { isPlatform: false })
  const counted = (fits: (count: Headcount) => boolean) => ({
    people: countPeople(counts, fits),
    notEnrolled: countPeople(counts, (count) => fits(count) && !count.enrolled),
  })
  return {
    required: counted((count) => !under(current, count) && under(next, count)),
    released: counted((count) => under(current, count) && !under(next, count)),
  }
}

/** '12 people, 9 not enrolled: they will be asked to enrol at their next request.' */
export function affectedSentences(
  { required, released }: Affected,
  { adds, removes }: { adds: boolean; removes: boolean },
): string[] {
  return [adds && requiredSentence(required), removes && releasedSentence(released)].filter(
    (sentence) => sentence !== false,
  )
}

function requiredSentence({ people, notEnrolled }: Group): string {
  if (people === 0)
    return 'No user is affected just now. A user given one of these role groups will be asked to enrol.'
  const who = `${peopleInWords(people)}, ${inNumber(notEnrolled)} not enrolled`
  return notEnrolled === 0
    ? `${who}: they are asked for a code already, and nothing changes for them.`
    : `${who}: they will be asked to enrol at their next request.`
}

function releasedSentence({ people, notEnrolled }: Group): string {
  if (people === 0) return 'It releases no user just now.'
  return `${peopleInWords(people)} will no longer be required to use MFA, ${inNumber(notEnrolled)} of them not enrolled. Anyone who is enrolled is still asked for a code.`
}
