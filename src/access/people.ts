// People and accounts as the rules see them. Pure.
import type { Person, RoleGroup } from '../gate/facts.ts'
import { lockInForce } from '../lockout/policy.ts'
import type { Ties } from './makers.ts'
import {
  type AccountTarget,
  type Actor,
  administers,
  needsApproval,
  type Relation,
  type Target,
} from './rules.ts'

export function actorOf({ id, roleGroups }: Person): Actor {
  return {
    id,
    isAdmin: roleGroups.some(({ isAdmin }) => isAdmin),
    isServiceDesk: roleGroups.some(({ isServiceDesk }) => isServiceDesk),
    isOperator: roleGroups.some(({ isOperator }) => isOperator),
    rank: Math.max(0, ...roleGroups.map(({ rank }) => rank)),
  }
}

/** `ties`: with the actor (makers.queries.ts). */
export function targetOf(
  person: Person,
  passwordLockedUntil: Date | null,
  { relation, ties }: { relation: Relation; ties: Ties },
  now: Date,
): Target {
  return {
    id: person.id,
    relation,
    isAdmin: person.roleGroups.some(({ isAdmin }) => isAdmin),
    administers: person.roleGroups.some(administers),
    tiedToActor: ties.made.has(person.id),
    addressChangedByActor: ties.addressChanged.has(person.id),
    mfaResetByActor: ties.mfaReset.has(person.id),
    authenticatorActive: person.authenticator !== null,
    lockedOut:
      lockInForce(person.codeLockout, now) !== null ||
      (passwordLockedUntil !== null && passwordLockedUntil > now),
    status: person.status,
    accountSuspended: person.clientSuspended,
  }
}

export function accountTargetOf(
  { isPlatform, suspendedAt }: { isPlatform: boolean; suspendedAt: Date | null },
  relation: Relation,
): AccountTarget {
  return { relation, isPlatform, suspended: suspendedAt !== null }
}

/** The role groups of a person that only a second person's approval gives. */
export function approvedRoleGroups({
  ofPlatform,
  roleGroups,
}: Pick<Person, 'ofPlatform' | 'roleGroups'>): RoleGroup[] {
  return roleGroups.filter((roleGroup) => needsApproval({ ...roleGroup, ofPlatform }))
}
