import { sql } from 'drizzle-orm'
import type { Person } from '../gate/facts.ts'
import type { Reader } from '../platform/db/client.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { emailChanges, invitations } from '../platform/db/schema/links.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { memberships, roleGroups } from '../platform/db/schema/role-groups.ts'
import { uuidArray } from '../platform/db/uuid-array.ts'
import { type Makers, oneMadeTheOther, TIE_LIFE_MS, type Ties } from './makers.ts'
import { administers } from './rules.ts'

export async function readMakers(db: Reader, ids: readonly string[], now: Date): Promise<Makers> {
  const since = new Date(now.getTime() - TIE_LIFE_MS).toISOString()
  const rows = await db.execute<{ person: string; maker: string }>(sql`
    with recursive makers(person, maker) as (
      select id, id from unnest(${uuidArray(ids)}) as asked(id)
      union
      select makers.person, made.by from makers cross join lateral (
        select invited_by as by from ${invitations}
          where user_id = makers.maker and created_at > ${since}::timestamptz
        union all
        select granted_by from ${memberships} join ${roleGroups} on ${roleGroups.id} = role_group_id
          where user_id = makers.maker and granted_at > ${since}::timestamptz
            and (is_admin or is_service_desk or is_operator or of_platform)
        union all
        -- A role group that was taken away again leaves no membership. The tie stays.
        select requested_by from ${approvals}
          where user_id = makers.maker and status = 'approved' and kind in ('role-groups', 'invitation') and decided_at > ${since}::timestamptz
      ) made
      where made.by is not null
    )
    select person, maker from makers`)
  const makers = new Map<string, Set<string>>()
  for (const { person, maker } of rows) makers.set(person, (makers.get(person) ?? new Set()).add(maker))
  return makers
}

/** What ties the actor to these people. */
export async function readTies(
  db: Reader,
  actorId: string,
  people: readonly Pick<Person, 'id' | 'roleGroups'>[],
  now: Date,
): Promise<Ties> {
  const ids = people.map(({ id }) => id)
  const administrators = people.filter(({ roleGroups }) => roleGroups.some(administers)).map(({ id }) => id)
  const handled = ids.length === 0 ? [] : await readHandled(db, actorId, ids, now)
  const idsOf = (act: string) => new Set(handled.filter((row) => row.act === act).map((row) => row.person))
  return {
    made: await readMade(db, actorId, administrators, now),
    addressChanged: idsOf('address'),
    mfaReset: idsOf('reset'),
  }
}

async function readMade(
  db: Reader,
  actorId: string,
  ids: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const makers = await readMakers(db, [actorId, ...ids], now)
  return new Set(ids.filter((id) => oneMadeTheOther(makers, actorId, id)))
}

function readHandled(db: Reader, actorId: string, ids: readonly string[], now: Date) {
  const since = new Date(now.getTime() - TIE_LIFE_MS).toISOString()
  return db.execute<{ person: string; act: 'address' | 'reset' }>(sql`
    select user_id as person, 'address' as act from ${emailChanges}
      where requested_by = ${actorId} and user_id = any(${uuidArray(ids)}) and created_at > ${since}::timestamptz
        and (used_at is not null or (revoked_at is null and expires_at > ${now.toISOString()}::timestamptz))
    union all
    select user_id, 'reset' from ${mfaResets}
      where requested_by = ${actorId} and user_id = any(${uuidArray(ids)}) and requested_at > ${since}::timestamptz`)
}
