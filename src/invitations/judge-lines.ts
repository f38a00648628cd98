// Judges each line of a file of people to invite. Pure.

import { chooseRoleGroups, type RoleGroupChoice } from '../access/choose-role-groups.ts'
import { type Actor, needsApproval } from '../access/rules.ts'
import {
  ADDRESS_TAKEN,
  EMAIL_PROBLEMS,
  type EmailProblem,
  type NameProblem,
  readEmail,
  readName,
} from './person-to-invite.ts'
import type { FileLine } from './read-invitation-file.ts'

export type LineProblem =
  | 'wrong-columns'
  | EmailProblem
  | NameProblem
  | 'no-role-group'
  | 'unknown-role-group'
  | 'not-allowed'
  | 'alone'
  | 'duplicate'
  | 'taken'

/** `detail` is the number of the repeated line, the role group in question, or the name of the refusal. */
export const LINE_PROBLEMS: Readonly<Record<LineProblem, (detail: string) => string>> = {
  'wrong-columns': () => 'It has more or fewer cells than there are columns.',
  'bad-address': () => 'That is not a complete e-mail address.',
  'not-ascii': () => EMAIL_PROBLEMS['not-ascii'],
  formula: () => 'A cell that begins with =, +, - or @ is a formula to a spreadsheet.',
  'no-name': () => 'There is no name.',
  'long-name': () => 'The name is longer than 100 characters.',
  'bad-name': () => 'The name has line breaks or control characters in it.',
  link: () => 'The name looks like a web or e-mail address. After a dot, a space helps.',
  'no-role-group': () => 'There is no role group.',
  'unknown-role-group': (detail) => `There is no role group “${detail}” in this account.`,
  'not-allowed': () => 'You may not give this role group: ask the Service Desk.',
  alone: () => 'This role group administers: invite this person alone. A second agent must approve it.',
  duplicate: (detail) => `Line ${detail} has the same address.`,
  taken: () => ADDRESS_TAKEN,
}

export interface JudgedLine {
  line: number
  email: string
  name: string
  roleGroups: string
  outcome: LineProblem | null
  detail: string
}

export interface Judges {
  actor: Actor
  isPlatform: boolean
  roleGroups: readonly RoleGroupChoice[]
}

export function addressesIn(lines: readonly FileLine[]): string[] {
  return lines.flatMap(({ email }) => {
    const read = readEmail(email)
    return 'email' in read ? [read.email] : []
  })
}

/** Of two lines with the same address the first one is invited. */
export function judgeLines(
  lines: readonly FileLine[],
  judges: Judges,
  taken: ReadonlySet<string>,
): JudgedLine[] {
  const lineOf = new Map<string, number>()
  return lines.map((fileLine) => {
    const { line, email, name, roleGroups } = fileLine
    const read = readEmail(email)
    const canonical = 'email' in read ? read.email : email
    const [outcome, detail] = problemOf(fileLine, canonical, judges, taken, lineOf)
    if (outcome === null) lineOf.set(canonical, line)
    return { line, email: canonical, name, roleGroups, outcome, detail }
  })
}

function problemOf(
  { email, name, roleGroups, whole }: FileLine,
  canonical: string,
  judges: Judges,
  taken: ReadonlySet<string>,
  lineOf: ReadonlyMap<string, number>,
): [LineProblem | null, string] {
  if (!whole) return ['wrong-columns', '']
  const readAddress = readEmail(email)
  if ('problem' in readAddress) return [readAddress.problem, '']
  const readPerson = readName(name)
  if ('problem' in readPerson) return [readPerson.problem, '']
  const chosen = roleGroupsIn(roleGroups, judges)
  if ('problem' in chosen) return [chosen.problem, chosen.detail]
  const first = lineOf.get(canonical)
  if (first !== undefined) return ['duplicate', String(first)]
  return taken.has(canonical) ? ['taken', ''] : [null, '']
}

/** The role groups in a cell: keys or names, separated by |, comma or semicolon. */
export function roleGroupsIn(
  cell: string,
  { actor, isPlatform, roleGroups }: Judges,
):
  | { chosen: RoleGroupChoice[] }
  | { problem: 'no-role-group' | 'unknown-role-group' | 'not-allowed' | 'alone'; detail: string } {
  const named = cell
    .split(/[|;,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (named.length === 0) return { problem: 'no-role-group', detail: '' }
  const keys: string[] = []
  for (const part of named) {
    const found = roleGroups.find(({ key, name }) => [key, name.toLowerCase()].includes(part.toLowerCase()))
    if (!found) return { problem: 'unknown-role-group', detail: quotable(part) }
    keys.push(found.key)
  }
  const chosen = chooseRoleGroups(actor, isPlatform, roleGroups, keys)
  if (chosen.ok) {
    // Administrators need a second approval, which covers one person at a time.
    const mustBeAlone = chosen.roleGroups.some(needsApproval)
    return mustBeAlone ? { problem: 'alone', detail: '' } : { chosen: chosen.roleGroups }
  }
  return chosen.refusal === null
    ? { problem: 'unknown-role-group', detail: quotable(named.join(', ')) }
    : { problem: 'not-allowed', detail: chosen.refusal }
}

/** At most 100 whole characters: PostgreSQL rejects half a surrogate pair. */
function quotable(text: string): string {
  return [...text].slice(0, 100).join('')
}
