// What a bulk act would do to each person, before it is confirmed. Each act asks its rule again, on locked rows.
import { chooseRoleGroups, keysOf, type RoleGroupChoice, wantedKeys } from '../access/choose-role-groups.ts'
import type { Ties } from '../access/makers.ts'
import { targetOf } from '../access/people.ts'
import type { Actor, Relation } from '../access/rules.ts'
import { reminderRefusal } from '../mfa-policy/remind-user-of-mfa.ts'
import type { BulkAct } from '../users/bulk-choices.ts'
import type { UserRow } from '../users/user-view.ts'
import { formOf, SINGLE_ACTS } from './acts.ts'
import type { PersonProblem } from './words.ts'

export interface Judges {
  actor: Actor
  roleGroups: readonly RoleGroupChoice[]
  relationOf: (clientId: string) => Relation
  ties: Ties
  /** Ids of those who were reminded within a day. */
  reminded: ReadonlySet<string>
  now: Date
}

/** Null: the act will be carried out. */
export function problemOf(
  act: BulkAct,
  { person, passwordLockedUntil }: UserRow,
  judges: Judges,
): PersonProblem | null {
  const { actor, ties, reminded, now } = judges
  const standing = { relation: judges.relationOf(person.clientId), ties }
  const refusal = SINGLE_ACTS[act.kind].rule(actor, targetOf(person, passwordLockedUntil, standing, now))
  if (refusal) return refusal
  if (act.kind === 'remind') return reminderRefusal(person, reminded, now)
  return act.roleGroup === null ? null : problemOfRoleGroup(act, person, judges)
}

function problemOfRoleGroup(
  act: BulkAct,
  { ofPlatform, ...person }: UserRow['person'],
  { actor, roleGroups }: Judges,
): PersonProblem | null {
  const held = keysOf(person.roleGroups)
  const wanted = wantedKeys(formOf(act), held)
  const gives = act.kind === 'give-role-group'
  if (wanted.length === held.length) return gives ? 'held' : 'not-held'
  const chosen = chooseRoleGroups(actor, ofPlatform, roleGroups, wanted, held)
  if (chosen.ok) return null
  return chosen.refusal ?? (gives ? 'not-of-account' : 'only-role-group')
}
