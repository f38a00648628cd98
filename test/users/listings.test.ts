// What lists and counts are read from is derived by triggers: it says at every commit what the tables say.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import postgres, { type Sql, type TransactionSql } from 'postgres'
import { bulkSeed } from '../../src/demo/bulk-seed.ts'
import { countPeople } from '../../src/users/headcount.ts'
import { readHeadcounts } from '../../src/users/headcounts.queries.ts'
import { startApp, type TestApp } from '../support/app.ts'

const NOBODYS = '00000000-0000-0000-0000-000000000000'

let app: TestApp
let sql: Sql
let clientId: string
let roleGroups: string[]

before(async () => {
  app = await startApp()
  sql = postgres(app.deps.config.DATABASE_URL, { max: 8, onnotice: () => {} })
  const [client] = await sql`select id from clients where name = 'Meridian Foods'`
  clientId = client?.id
  roleGroups = (await sql`select id from role_groups where not of_platform`).map(({ id }) => id)
})
after(async () => {
  await sql.end()
  await app.close()
})

/** Compares with the tables themselves, by queries that share nothing with what derives them. */
async function assertTrue(): Promise<void> {
  const wrong = await sql`
    with should as (
      select u.id, l.under, u.client_id, u.status, lower(u.name) as sort_name, a.id is not null as enrolled
      from users u
        left join authenticators a on a.user_id = u.id and a.status = 'active'
        cross join lateral (
          select u.client_id as under
          union all select m.role_group_id from memberships m where m.user_id = u.id
          union all select ${NOBODYS}::uuid where not exists (select from memberships m where m.user_id = u.id)
        ) l
    ), listed as (
      select user_id, listed_under, client_id, status, sort_name, enrolled from listings
    )
    (table should except table listed) union all (table listed except table should)`
  assert.deepEqual([...wrong], [])
  const miscounted = await sql`
    with should as (
      select client_id, groups, enrolled, status, count(*)::int as people from (
        select u.client_id, u.status,
          coalesce((select string_agg(m.role_group_id::text, ' ' order by m.role_group_id) from memberships m where m.user_id = u.id), '') as groups,
          (select count(*) from authenticators a where a.user_id = u.id and a.status = 'active') = 1 as enrolled
        from users u
      ) people group by client_id, groups, enrolled, status
    ), counted as (
      select client_id, array_to_string(role_group_ids, ' ') as groups, enrolled, status, people
      from headcounts where people <> 0
    )
    (table should except table counted) union all (table counted except table should)`
  assert.deepEqual([...miscounted], [])
}

let number = 0
async function addUser(db: Sql | TransactionSql): Promise<string> {
  number += 1
  const [user] = await db`
    insert into users (client_id, email, name) values (${clientId}, ${`p${number}@meridian.example`}, ${`Person ${number}`})
    returning id`
  return user?.id
}

async function enrol(db: Sql | TransactionSql, userId: string): Promise<void> {
  await db`
    insert into authenticators (user_id, status, sealed_secret, pending_until, activated_at)
    values (${userId}, 'active', '\\x00', now(), now()) on conflict do nothing`
}

const hold = (db: Sql | TransactionSql, userId: string, roleGroup: string | undefined) =>
  db`insert into memberships (user_id, role_group_id) values (${userId}, ${roleGroup ?? ''}) on conflict do nothing`

describe('last sign-ins', () => {
  const signIn = (db: Sql | TransactionSql, userId: string, at: string, outcome = 'success') =>
    db`insert into audit_events (at, action, outcome, client_id, actor_id, subject_id)
      values (${at}, 'sign-in.completed', ${outcome}, ${clientId}, ${userId}, ${userId})`
  const lastOf = async (userId: string) =>
    (await sql`select at::text from last_sign_ins where user_id = ${userId}`).map(({ at }) => at)

  test('the last sign-in of each user is the latest of the audit log', async () => {
    const [never, once] = [await addUser(sql), await addUser(sql)]
    await signIn(sql, once, '2026-02-02T10:00:00Z')
    await signIn(sql, once, '2026-02-01T10:00:00Z')
    await signIn(sql, once, '2026-02-03T10:00:00Z', 'refused')

    const wrong = await sql`
      with should as (
        select u.id, u.client_id, coalesce(max(e.at), '-infinity') as at
        from users u left join audit_events e
          on e.subject_id = u.id and e.action = 'sign-in.completed' and e.outcome = 'success'
        where u.status <> 'withdrawn' group by u.id
      ), kept as (select user_id, client_id, at from last_sign_ins)
      (table should except table kept) union all (table kept except table should)`
    assert.deepEqual([...wrong], [])
    assert.deepEqual(await lastOf(never), ['-infinity'])
    assert.match((await lastOf(once))[0] ?? '', /^2026-02-02 10:00:00/)
  })

  test('what is rolled back is no last sign-in', async () => {
    const id = await addUser(sql)
    await sql
      .begin(async (db) => {
        await signIn(db, id, '2026-02-02T10:00:00Z')
        throw new Error('rolled back')
      })
      .catch(() => {})

    assert.deepEqual(await lastOf(id), ['-infinity'])
  })
})

describe('listings and headcounts', () => {
  test('listings hold the demo accounts and the users seeded in bulk', async () => {
    await bulkSeed(
      app.deps.db,
      { users: 300, enrolled: 120, accounts: 4, into: null },
      { keys: app.deps.config.ENCRYPTION_KEYS, onProgress: () => {}, onEnrolled: () => {} },
    )

    await assertTrue()
  })

  test('listings follow every change of a user at its commit', async () => {
    const id = await addUser(sql)
    await assertTrue()
    const changes: [string, (db: TransactionSql) => Promise<unknown>][] = [
      ['a first role group', (db) => hold(db, id, roleGroups[0])],
      ['a second one', (db) => hold(db, id, roleGroups[1])],
      ['an enrolment', (db) => enrol(db, id)],
      ['another name', (db) => db`update users set name = 'Zoë Éclair' where id = ${id}`],
      ['disabling', (db) => db`update users set status = 'disabled' where id = ${id}`],
      [
        'a reset',
        (db) =>
          db`update authenticators set status = 'revoked', revoked_at = now() where user_id = ${id} and status = 'active'`,
      ],
      [
        'a role group taken away',
        (db) => db`delete from memberships where role_group_id = ${roleGroups[0] ?? ''} and user_id = ${id}`,
      ],
      ['the last one taken away', (db) => db`delete from memberships where user_id = ${id}`],
    ]
    for (const [, change] of changes) {
      await sql.begin(change)
      await assertTrue()
    }
    const [listing] = await sql`select * from listings where user_id = ${id} and listed_under = ${NOBODYS}`
    assert.equal(listing?.sort_name, 'zoë éclair')
    assert.equal(listing?.status, 'disabled')
  })

  test('listings forget what is rolled back', async () => {
    const id = await addUser(sql)
    await assert.rejects(
      sql.begin(async (db) => {
        await hold(db, id, roleGroups[0])
        await enrol(db, id)
        throw new Error('changed my mind')
      }),
      /changed my mind/,
    )

    await assertTrue()
  })

  test('listings are right when a role group is given while the same user enrols in an overlapping transaction', async () => {
    for (let time = 0; time < 20; time += 1) {
      const id = await addUser(sql)
      let open = 0
      let letGo = () => {}
      const allOpen = new Promise<void>((resolve) => {
        letGo = resolve
      })
      const meet = () => {
        open += 1
        if (open === 3) letGo()
        return allOpen
      }
      await Promise.all([
        sql.begin(async (db) => {
          await hold(db, id, roleGroups[time % roleGroups.length])
          await meet()
        }),
        sql.begin(async (db) => {
          await enrol(db, id)
          await meet()
        }),
        sql.begin(async (db) => {
          await addUser(db)
          await meet()
        }),
      ])
    }

    await assertTrue()
  })

  test('listings are right after many random changes by several connections at a time', async () => {
    const random = randomFrom(20261124)
    const ids: string[] = []
    for (let person = 0; person < 12; person += 1) ids.push(await addUser(sql))
    const some = <T>(of: readonly T[]): T => {
      const one = of[Math.floor(random() * of.length)]
      assert.ok(one !== undefined)
      return one
    }
    const changes: ((db: TransactionSql, id: string) => Promise<unknown>)[] = [
      (db, id) => hold(db, id, some(roleGroups)),
      (db, id) => db`delete from memberships where user_id = ${id} and role_group_id = ${some(roleGroups)}`,
      enrol,
      (db, id) =>
        db`update authenticators set status = 'revoked', revoked_at = now() where user_id = ${id} and status = 'active'`,
      (db, id) =>
        db`update users set status = ${some(['invited', 'disabled'])}::user_status where id = ${id}`,
      (db, id) => db`update users set name = ${`Person ${Math.floor(random() * 99)}`} where id = ${id}`,
      (db) => addUser(db),
    ]
    const someone = async () => {
      for (let turn = 0; turn < 60; turn += 1) {
        const id = some(ids)
        const [one, other] = [some(changes), some(changes)]
        const abandon = random() < 0.1
        await sql
          .begin(async (db) => {
            // Two changes of one user lock the user first, as the product does.
            await db`select from users where id = ${id} for update`
            await one(db, id)
            await other(db, id)
            if (abandon) throw new Error('abandoned')
          })
          .catch((error: Error) => assert.equal(error.message, 'abandoned'))
      }
    }

    await Promise.all(Array.from({ length: 8 }, someone))

    await assertTrue()
  })

  test('listings refuse a transaction that would not see what others have committed', async () => {
    await assert.rejects(
      sql.begin('isolation level repeatable read', (db) => addUser(db)),
      /READ COMMITTED/,
    )
  })

  test('headcounts say how many users hold a role group and how many are not enrolled', async () => {
    const counts = await readHeadcounts(app.deps.db, [clientId])

    const [members] = await sql`
      select count(*)::int as count from memberships m join users u on u.id = m.user_id
      where u.client_id = ${clientId} and m.role_group_id = (select id from role_groups where key = 'admin')`
    assert.equal(
      countPeople(counts, (count) => count.roleGroups.includes('admin')),
      members?.count,
    )
    const [people] = await sql`select count(*)::int as count from users where client_id = ${clientId}`
    assert.equal(
      countPeople(counts, () => true),
      people?.count,
    )
    assert.deepEqual(await readHeadcounts(app.deps.db, []), [])
  })
})

test('a name has at most 200 characters and an e-mail address at most 254', async () => {
  const add = (email: string, name: string) =>
    sql`insert into users (client_id, email, name) values (${clientId}, ${email}, ${name})`

  await add(`${'e'.repeat(249)}@x.yz`, '字'.repeat(200))
  await assert.rejects(add(`${'f'.repeat(250)}@x.yz`, 'A name'), /users_email_length/)
  await assert.rejects(add('long.name@x.yz', 'n'.repeat(201)), /users_name_length/)
})

/** Numbers in [0, 1) that look random: the same ones at every run. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 0) / 2 ** 32
  }
}
