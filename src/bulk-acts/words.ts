// The words of a bulk act on its pages. Pure.
import { REFUSALS, type Refusal } from '../access/refusals.ts'
import { roleGroupName } from '../access/role-group-name.ts'
import type { BulkAct, BulkKind } from '../users/bulk-choices.ts'

export type PersonProblem = Refusal | 'held' | 'not-held' | 'only-role-group' | 'not-of-account'

interface Words {
  title: string
  /** As it follows 'will be' and 'was'. */
  done: string
  underWay: string
  /** What it means for the people concerned. */
  consequence: string
  question: string
  button: (people: string) => string
}

const WORDS: Readonly<Record<BulkKind, (roleGroup: string) => Words>> = {
  'invite-again': () => ({
    title: 'Send invitations again',
    done: 'invited again',
    underWay: 'Sending invitations',
    consequence: 'Each gets a new link by mail. Their old links no longer work.',
    question: 'Why are they being invited again?',
    button: (people) => `Invite ${people} again`,
  }),
  remind: () => ({
    title: 'Remind to set up MFA',
    done: 'reminded',
    underWay: 'Reminding',
    consequence: 'Each gets one mail that asks them to set up MFA.',
    question: '',
    button: (people) => `Remind ${people}`,
  }),
  'give-role-group': (roleGroup) => ({
    title: `Add role group: ${roleGroup}`,
    done: `given ${roleGroup}`,
    underWay: `Giving ${roleGroup}`,
    consequence:
      'They keep their other role groups. It holds from their next click on, and they are told by mail.',
    question: 'Why do they get this role group?',
    button: (people) => `Give ${people} ${roleGroup}`,
  }),
  'take-role-group': (roleGroup) => ({
    title: `Remove role group: ${roleGroup}`,
    done: `removed from ${roleGroup}`,
    underWay: `Removing from ${roleGroup}`,
    consequence:
      'They keep their other role groups. It holds from their next click on, and they are told by mail.',
    question: 'Why do they lose this role group?',
    button: (people) => `Remove ${people} from ${roleGroup}`,
  }),
  disable: () => ({
    title: 'Disable accounts',
    done: 'disabled',
    underWay: 'Disabling',
    consequence:
      'They are signed out everywhere at once and cannot sign in until their account is enabled again. Authenticator, role groups and history stay. They are told by mail.',
    question: 'Why are they being disabled?',
    button: (people) => `Disable ${people}`,
  }),
}

export function wordsOf({ kind, roleGroup }: BulkAct): Words {
  return WORDS[kind](roleGroup === null ? '' : roleGroupName(roleGroup))
}

const PROBLEMS: Readonly<Record<Exclude<PersonProblem, keyof typeof REFUSALS>, string>> = {
  held: 'They are in this role group already.',
  'not-held': 'They are not in this role group.',
  'only-role-group': 'It is their only role group. Give them another first.',
  'not-of-account': 'Their account does not have this role group.',
}

/** Why the act was not, or will not be, carried out. */
export function problemSentence(problem: PersonProblem): string {
  if (problem === 'not-oneself') return 'This is you. Ask the Service Desk.'
  if (problem === 'admins-by-service-desk') return 'An Admin: ask the Service Desk.'
  return problem in REFUSALS
    ? REFUSALS[problem as keyof typeof REFUSALS].sentence
    : PROBLEMS[problem as keyof typeof PROBLEMS]
}

export const SELECTION_PROBLEMS = {
  'no-act': 'Choose what to do with the selected people.',
  'no-people': 'No one is selected. Go back to the list and select at least one person.',
  'too-many': 'Those are more than 1,000 people. Go back to the list and filter it to fewer.',
} as const
