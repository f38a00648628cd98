// What an Admin must do about MFA, in one sentence on top of Home. Pure.
import { type Coverage, lackingIn, type PlannedStart } from '../mfa-policy/coverage.ts'
import { instantText } from '../platform/time/instant-text.ts'
import { inNumber, peopleInWords } from '../users/headcount.ts'

export interface MfaTask {
  kind: 'no-policy' | 'planned' | 'overdue' | 'covered' | 'empty'
  sentence: string
  detail: string
  /** What is to come; empty without a planned start. */
  ahead: string
  /** Who can be reminded: active people. An invited person has the invitation. */
  remindable: number
  missing: number
}

type Figures = Coverage & { requiresAny: boolean; planned: PlannedStart | null }

export function mfaTask(
  { people, enrolled, missing, requiresAny, planned }: Figures,
  timeZone: string,
): MfaTask {
  const lacking = lackingIn(missing)
  const ahead = planned ? aheadSentence(planned, timeZone) : ''
  const figures = { remindable: missing.active, missing: lacking, ahead }
  if (people === 0) return { ...figures, kind: 'empty', sentence: 'There are no people here yet', detail: '' }
  if (lacking > 0)
    return {
      ...figures,
      kind: 'overdue',
      sentence: `${peopleInWords(lacking)} must still set up MFA`,
      detail: invitedDetail(missing),
    }
  if (!requiresAny && planned)
    return { ...figures, kind: 'planned', sentence: 'MFA is not required yet', detail: '' }
  if (!requiresAny)
    return {
      ...figures,
      kind: 'no-policy',
      sentence: 'No role group requires MFA',
      detail: `${peopleInWords(people - enrolled)} can sign in with a password alone.`,
    }
  if (enrolled === people)
    return {
      ...figures,
      kind: 'covered',
      sentence: people === 1 ? 'The one person here is covered' : `All ${peopleInWords(people)} are covered`,
      detail: 'Each of them signs in with an authenticator.',
    }
  return {
    ...figures,
    kind: 'covered',
    sentence: 'All who must use MFA have set it up',
    detail: `${peopleInWords(people - enrolled)} of ${inNumber(people)} sign in with a password alone: no role group of theirs requires MFA.`,
  }
}

function aheadSentence({ startsAt, roleGroups, people }: PlannedStart, timeZone: string): string {
  const start = `From ${instantText(startsAt, timeZone)} MFA is required of ${roleGroups.join(', ')}`
  return people === 0 ? `${start}.` : `${start}: ${peopleInWords(people)} must set it up by then.`
}

function invitedDetail({ active, invited }: Coverage['missing']): string {
  if (invited === 0) return ''
  if (active === 0) return 'They have not accepted their invitations yet.'
  return `${inNumber(invited)} of them ${invited === 1 ? 'has' : 'have'} not accepted the invitation yet.`
}
