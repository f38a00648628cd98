// Whom a change of the MFA policy affects, and when. Disabled users do not count. Pure.
import { isInForce } from '../gate/mfa-required.ts'
import { DAY } from '../platform/time/durations.ts'
import {
  countPeople,
  type Headcount,
  inNumber,
  isCounted,
  peopleInWords,
  requiresMfa,
} from '../users/headcount.ts'
import { type KeyedRequirement, type PolicyChange, policyAfter } from './policy-change.ts'

interface Group {
  people: number
  notEnrolled: number
  /** Active users among those not enrolled: a mail reaches them. */
  mailed: number
}

interface Affected {
  required: Group
  released: Group
}

function affectedBy(
  headcounts: readonly Headcount[],
  { current, next }: { current: readonly string[]; next: readonly string[] },
): Affected {
  const counts = headcounts.filter(isCounted)
  const under = (policy: readonly string[], count: Headcount) =>
    requiresMfa(count, policy, { isPlatform: false })
  const counted = (fits: (count: Headcount) => boolean) => ({
    people: countPeople(counts, fits),
    notEnrolled: countPeople(counts, (count) => fits(count) && !count.enrolled),
    mailed: countPeople(counts, (count) => fits(count) && !count.enrolled && count.status === 'active'),
  })
  return {
    required: counted((count) => !under(current, count) && under(next, count)),
    released: counted((count) => under(current, count) && !under(next, count)),
  }
}

export interface ReviewedChange {
  current: readonly KeyedRequirement[]
  change: PolicyChange
  startsAt: Date | null
  /** `startsAt` as the reader sees it. */
  startText: string
}

/** What a change does to people and when, in sentences. */
export function affectedSentences(
  headcounts: readonly Headcount[],
  { current, change, startsAt, startText }: ReviewedChange,
  now: Date,
): string[] {
  const { added, earlier, later, removed } = change
  const next = policyAfter(current, change, startsAt)
  const affectedAt = (time: Date) =>
    affectedBy(headcounts, { current: inForceAt(current, time), next: inForceAt(next, time) })
  const sentences: string[] = []
  if (added.length + earlier.length > 0)
    sentences.push(
      startsAt
        ? requiredFromSentence(affectedAt(startsAt).required, startText, startsAt.getTime() - now.getTime())
        : requiredSentence(affectedAt(now).required),
    )
  if (later.length > 0 && startsAt)
    sentences.push(postponedSentence(affectedAt(new Date(startsAt.getTime() - 1)).released, startText))
  if (removed.length > 0) sentences.push(removedSentence(headcounts, current, removed, now))
  return sentences
}

/** Counts by the removed role groups in force, or else by those whose start is ahead. */
function removedSentence(
  headcounts: readonly Headcount[],
  current: readonly KeyedRequirement[],
  removed: readonly string[],
  now: Date,
): string {
  const inForce = inForceAt(current, now)
  const isPlan = !removed.some((key) => inForce.includes(key))
  const before = isPlan ? current.map(({ key }) => key) : inForce
  const next = before.filter((key) => !removed.includes(key))
  return releasedSentence(affectedBy(headcounts, { current: before, next }).released, isPlan)
}

function inForceAt(policy: readonly KeyedRequirement[], time: Date): string[] {
  return policy.filter((requirement) => isInForce(requirement, time)).map(({ key }) => key)
}

function requiredSentence({ people, notEnrolled }: Group): string {
  if (people === 0)
    return 'No user is affected just now. A user given one of these role groups will be asked to enrol.'
  const who = `${peopleInWords(people)}, ${inNumber(notEnrolled)} not enrolled`
  return notEnrolled === 0
    ? `${who}: they are asked for a code already, and nothing changes for them.`
    : `${who}: they will be asked to enrol at their next request.`
}

function requiredFromSentence(
  { people, notEnrolled, mailed }: Group,
  startText: string,
  aheadMs: number,
): string {
  if (people === 0)
    return `No user is affected just now. A user given one of these role groups will be asked to enrol from ${startText} on.`
  const who = `${peopleInWords(people)}, ${inNumber(notEnrolled)} not enrolled`
  if (notEnrolled === 0) return `${who}: they are asked for a code already, and nothing changes for them.`
  return `${who}. Until ${startText} they sign in as before, and every page tells them of the start. ${mailsSentence(mailed, aheadMs)} From then on they will be asked to enrol at their next request.`
}

function mailsSentence(mailed: number, aheadMs: number): string {
  if (mailed === 0) return 'None of them is active yet, so no mail goes out now.'
  const who = mailed === 1 ? 'the active user' : `the ${inNumber(mailed)} active users`
  const again =
    aheadMs > 2 * DAY ? ', and again a day before' : aheadMs > DAY ? ', and again before then' : ''
  return `A mail goes to ${who} among them now${again}.`
}

function postponedSentence({ people, notEnrolled }: Group, startText: string): string {
  if (people === 0) return 'It gives no user more time just now.'
  return `${peopleInWords(people)}, ${inNumber(notEnrolled)} not enrolled: they have time until ${startText}. Anyone who is enrolled is still asked for a code.`
}

function releasedSentence({ people, notEnrolled }: Group, isPlan: boolean): string {
  if (people === 0) return 'It releases no user just now.'
  return `${peopleInWords(people)} will ${isPlan ? 'not' : 'no longer'} be required to use MFA, ${inNumber(notEnrolled)} of them not enrolled. Anyone who is enrolled is still asked for a code.`
}
