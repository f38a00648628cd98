// Which role groups a form names, and whether the actor may give them. Pure.
import type { Refusal } from '../access/refusals.ts'
import { type Actor, type Grant, mayGrant } from '../access/rules.ts'

export interface RoleGroupChoice extends Grant {
  id: string
  key: string
  name: string
  ofPlatform: boolean
}

/** Said where none was chosen, or one that there is not. */
export const CHOOSE_ROLE_GROUPS = 'Choose at least one of the role groups of this account.'

export type Chosen =
  | { ok: true; roleGroups: RoleGroupChoice[] }
  | { ok: false; refusal: Refusal }
  /** None, or one that an account of this kind does not have. */
  | { ok: false; refusal: null }

/**
 * The whole set that somebody is to hold. What they hold already may stay whatever its rank; what is given or taken
 * must be the actor's to give. `all`: every role group there is, since to name one of the platform elsewhere is
 * more than a slip.
 */
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

/** The role groups of an account of this kind: those that the actor may give and take, and the others. */
export function offerRoleGroups(
  actor: Actor,
  isPlatform: boolean,
  all: readonly RoleGroupChoice[],
): { grantable: RoleGroupChoice[]; notGrantable: RoleGroupChoice[] } {
  const ofAccount = all.filter(({ ofPlatform }) => ofPlatform === isPlatform)
  return {
    grantable: ofAccount.filter((roleGroup) => mayGrant(actor, roleGroup) === null),
    notGrantable: ofAccount.filter((roleGroup) => mayGrant(actor, roleGroup) !== null),
  }
}

/** The keys that a form names, once each. */
export function roleGroupKeys(form: Record<string, unknown>): string[] {
  const typed = [form.roleGroups ?? []].flat()
  return [...new Set(typed.filter((key): key is string => typeof key === 'string'))]
}
