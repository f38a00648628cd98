import { and, eq, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { NEVER_FAILED, type StoredLockout } from '../lockout/lockouts.queries.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'
import { lockouts } from '../platform/db/schema/lockouts.ts'
import { memberships, mfaPolicies, roleGroups } from '../platform/db/schema/role-groups.ts'
import { users } from '../platform/db/schema/users.ts'
import type { Person, RoleGroup } from './facts.ts'

// A correlated subquery, so that a person is one row.
const roleGroupsOfUser: SQL<RoleGroupRow[]> = sql`(
  select coalesce(json_agg(json_build_object(
    'key', ${roleGroups.key}, 'name', ${roleGroups.name}, 'requirement',
    case when ${mfaPolicies.clientId} is not null then json_build_object('startsAt', ${mfaPolicies.startsAt}) end,
    'rank', ${roleGroups.rank}, 'isAdmin', ${roleGroups.isAdmin}, 'isServiceDesk', ${roleGroups.isServiceDesk}, 'isOperator', ${roleGroups.isOperator}
  ) order by ${roleGroups.rank} desc, ${roleGroups.name}), '[]'::json)
  from ${memberships}
  join ${roleGroups} on ${roleGroups.id} = ${memberships.roleGroupId}
  left join ${mfaPolicies} on ${mfaPolicies.clientId} = ${users.clientId} and ${mfaPolicies.roleGroupId} = ${memberships.roleGroupId}
  where ${memberships.userId} = ${users.id}
)`

const accountIsParent = sql<boolean>`exists (
  select from ${clients} below where below.parent_id = ${users.clientId}
)`

export const personColumns = {
  id: users.id,
  email: users.email,
  name: users.name,
  status: users.status,
  sessionEpoch: users.sessionEpoch,
  clientId: users.clientId,
  clientName: clients.name,
  ofPlatform: clients.isPlatform,
  suspendedAt: clients.suspendedAt,
  ofParent: accountIsParent,
  roleGroups: roleGroupsOfUser,
  authenticatorId: authenticators.id,
  activatedAt: authenticators.activatedAt,
  lastAcceptedStep: authenticators.lastAcceptedStep,
  lastUsedAt: authenticators.lastUsedAt,
}

export const accountOfUser = eq(clients.id, users.clientId)
export const activeAuthenticatorOfUser = and(
  eq(authenticators.userId, users.id),
  eq(authenticators.status, 'active'),
)
export const codeLockoutOfUser = and(eq(lockouts.subject, users.id), eq(lockouts.kind, 'code'))

export const passwordLockouts = alias(lockouts, 'password_lockouts')

/** The latest end of a user's password locks, known browsers included. */
export const passwordLockedUntil = sql<Date | null>`(
  select max(l.locked_until) from ${lockouts} l
  where l.kind = 'password' and l.subject in (
    select ${users.id} union all
    select b.id from ${knownBrowsers} b where b.user_id = ${users.id} and b.ended_at is null
  )
)`.mapWith(lockouts.lockedUntil)

/** JSON has no instants. */
type RoleGroupRow = Omit<RoleGroup, 'requirement'> & { requirement: { startsAt: string | null } | null }

interface PersonRow {
  id: string | null
  email: string | null
  name: string | null
  status: Person['status'] | 'withdrawn' | null
  sessionEpoch: number | null
  clientId: string | null
  clientName: string | null
  ofPlatform: boolean | null
  suspendedAt: Date | null
  ofParent: boolean
  roleGroups: RoleGroupRow[] | null
  authenticatorId: string | null
  activatedAt: Date | null
  lastAcceptedStep: number | null
  lastUsedAt: Date | null
}

/** A person from a row; null without a user, or if the invitation was withdrawn. Throws on missing columns. */
export function toPerson(row: PersonRow, codeLockout: StoredLockout | null): Person | null {
  const { id, email, name, status, sessionEpoch, clientId, clientName, ofPlatform, roleGroups: groups } = row
  if (id === null || status === 'withdrawn') return null
  if (email === null || name === null || status === null || sessionEpoch === null)
    throw new Error('a user was read without their own columns')
  if (clientId === null || clientName === null || ofPlatform === null || groups === null)
    throw new Error('a user was read without their account and role groups')
  return {
    id,
    email,
    name,
    status,
    sessionEpoch,
    clientId,
    clientName,
    ofPlatform,
    clientSuspended: row.suspendedAt !== null,
    ofParent: row.ofParent,
    roleGroups: groups.map(toRoleGroup),
    authenticator: toAuthenticator(row),
    codeLockout: codeLockout ?? NEVER_FAILED,
  }
}

function toRoleGroup({ requirement, ...roleGroup }: RoleGroupRow): RoleGroup {
  if (requirement === null) return { ...roleGroup, requirement }
  const { startsAt } = requirement
  return { ...roleGroup, requirement: { startsAt: startsAt === null ? null : new Date(startsAt) } }
}

function toAuthenticator({ authenticatorId, activatedAt, lastAcceptedStep, lastUsedAt }: PersonRow) {
  if (authenticatorId === null) return null
  if (activatedAt === null || lastAcceptedStep === null)
    throw new Error('an active authenticator was read without its own columns')
  return { id: authenticatorId, activatedAt, lastAcceptedStep, lastUsedAt }
}
