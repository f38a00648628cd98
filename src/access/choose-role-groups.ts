// The role groups in a form, and whether the actor may give them. Pure.
import type { Refusal } from './refusals.ts'
import { type Actor, mayGrant, type NamedGrant } from './rules.ts'

export interface RoleGroupChoice extends NamedGrant {
  id: string
  key: string
  name: string
}

export const CHOOSE_ROLE_GROUPS = 'Choose at least one of the role groups of this account.'

export type Chosen =
  | { ok: true; roleGroups: RoleGroupChoice[] }
  | { ok: false; refusal: Refusal }
  /** None was chosen, or one that the account does not have. */
  | { ok: false; refusal: null }

/** Role groups outside the rights of the actor may stay; only what is given or taken must be within them. */
export function chooseRoleGroups(
  actor: Actor,
  isPlatform: boolean,
  all: readonly RoleGroupChoice[],
  keys: readonly string[],
  heldKeys: readonly string[] = [],
): Chosen {
  const wanted = all.filter(({ key }) => keys.includes(key))
  const changed = all.filter(({ key }) => keys.includes(key) !== heldKeys.includes(key))
  const refusal = changed.map((roleGroup) => mayGrant(actor, roleGroup)).find((each) => each !== null)
  if (refusal) return { ok: false, refusal }
  const isKnown = keys.every((key) => wanted.some((roleGroup) => roleGroup.key === key))
  const fits = wanted.every(({ ofPlatform }) => ofPlatform === isPlatform)
  if (wanted.length === 0 || !isKnown || !fits) return { ok: false, refusal: null }
  return { ok: true, roleGroups: wanted }
}

export interface RoleGroupChange {
  wanted: RoleGroupChoice[]
  given: RoleGroupChoice[]
  taken: RoleGroupChoice[]
}

export function roleGroupChange(
  all: readonly RoleGroupChoice[],
  heldKeys: readonly string[],
  wantedKeys: readonly string[],
): RoleGroupChange {
  const wanted = all.filter(({ key }) => wantedKeys.includes(key))
  return {
    wanted,
    given: wanted.filter(({ key }) => !heldKeys.includes(key)),
    taken: all.filter(({ key }) => heldKeys.includes(key) && !wantedKeys.includes(key)),
  }
}

/** The role groups of an account as the choices of a form. */
export function choicesOf(all: readonly RoleGroupChoice[], isPlatform: boolean) {
  return all
    .filter(({ ofPlatform }) => ofPlatform === isPlatform)
    .map(({ key, name }) => ({ value: key, label: name }))
}

export function keysOf(roleGroups: readonly Pick<RoleGroupChoice, 'key'>[]): string[] {
  return roleGroups.map(({ key }) => key)
}

export function namesOf(roleGroups: readonly Pick<RoleGroupChoice, 'name'>[]): string {
  return roleGroups.map(({ name }) => name).join(', ')
}

/** The role groups that a form offers to the actor, those it does not, and the hint beside them. */
export function offerRoleGroups(
  actor: Actor,
  isPlatform: boolean,
  all: readonly RoleGroupChoice[],
): { grantable: RoleGroupChoice[]; notGrantable: RoleGroupChoice[]; hint: string } {
  const ofAccount = all.filter(({ ofPlatform }) => ofPlatform === isPlatform)
  const grantable = ofAccount.filter((roleGroup) => mayGrant(actor, roleGroup) === null)
  const notGrantable = ofAccount.filter((roleGroup) => mayGrant(actor, roleGroup) !== null)
  return { grantable, notGrantable, hint: roleGroupsHint(actor, notGrantable.length > 0) }
}

function roleGroupsHint(actor: Actor, someNotGrantable: boolean): string {
  if (actor.isServiceDesk)
    return 'At least one. What administers, such as Admin, waits until a second agent has approved it.'
  return someNotGrantable ? 'Only the Service Desk can give the role group Admin.' : 'At least one.'
}

/** The role groups that a form wants of a user: the whole set, or those held with one given or taken. */
export function wantedKeys(form: Record<string, unknown>, held: readonly string[]): string[] {
  const { give, take } = form
  if (typeof give === 'string') return [...new Set([...held, give])]
  if (typeof take === 'string') return held.filter((key) => key !== take)
  return roleGroupKeys(form)
}

export function roleGroupKeys(form: Record<string, unknown>): string[] {
  const typed = [form.roleGroups ?? []].flat()
  return [...new Set(typed.filter((key): key is string => typeof key === 'string'))]
}
