import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { showProgress } from '../../src/commands/show-progress.ts'
import {
  type BulkDeps,
  type BulkRequest,
  bulkSeed,
  type EnrolledUser,
  UnknownClientError,
} from '../../src/demo/bulk-seed.ts'
import { seedDemoData } from '../../src/demo/seed.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { memberships, mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { base32Decode } from '../support/rfc6238.ts'

describe('the demo data', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.close())

  test('the demo data are the accounts and users that the documentation names', async () => {
    const { db } = app.database
    const people = await db
      .select({ email: users.email, status: users.status, client: clients.name, roleGroup: roleGroups.name })
      .from(users)
      .innerJoin(clients, eq(clients.id, users.clientId))
      .innerJoin(memberships, eq(memberships.userId, users.id))
      .innerJoin(roleGroups, eq(roleGroups.id, memberships.roleGroupId))
      .orderBy(users.id)
    const required = await db
      .select({ client: clients.name, roleGroup: roleGroups.name })
      .from(mfaPolicies)
      .innerJoin(clients, eq(clients.id, mfaPolicies.clientId))
      .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
      .orderBy(clients.id, roleGroups.name)

    assert.deepEqual(
      people.map(({ email, client, roleGroup, status }) => `${email} ${client}: ${roleGroup}, ${status}`),
      [
        'admin@harbour.example Harbour Group: Admin, active',
        'admin2@harbour.example Harbour Group: Admin, active',
        'tech@harbour.example Harbour Group: Tech Operator, active',
        'finance@harbour.example Harbour Group: Finance Manager, active',
        'support@harbour.example Harbour Group: Customer Service Operator, active',
        'new.tech@harbour.example Harbour Group: Tech Operator, invited',
        'admin@retail.harbour.example Harbour Retail: Admin, active',
        'tech@retail.harbour.example Harbour Retail: Tech Operator, active',
        'admin@online.harbour.example Harbour Online: Admin, active',
        'tech@online.harbour.example Harbour Online: Tech Operator, active',
        'admin@meridian.example Meridian Foods: Admin, active',
        'tech@meridian.example Meridian Foods: Tech Operator, active',
        'desk@platform.example Portcullis Platform: Service Desk, active',
        'desk2@platform.example Portcullis Platform: Service Desk, active',
        'operator@platform.example Portcullis Platform: Operator, active',
      ],
    )
    assert.deepEqual(
      required.map(({ client, roleGroup }) => `${client}: ${roleGroup}`),
      [
        'Harbour Group: Admin',
        'Harbour Group: Tech Operator',
        'Harbour Retail: Admin',
        'Harbour Retail: Tech Operator',
        'Harbour Online: Tech Operator',
      ],
    )
  })

  test('the demo data are added to an empty database only', async () => {
    const { database, clock, deps } = app
    const before = await database.db.$count(users)

    const again = () => seedDemoData(database.db, { clock, keys: deps.config.ENCRYPTION_KEYS })
    await Promise.all([again(), again()])

    assert.equal(await database.db.$count(users), before)
  })
})

describe('many users', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.close())

  const REQUEST: BulkRequest = { users: 0, enrolled: 0, accounts: null, into: null }

  async function seedMany(request: Partial<BulkRequest>): Promise<EnrolledUser[]> {
    const enrolled: EnrolledUser[] = []
    const deps: BulkDeps = {
      keys: app.deps.config.ENCRYPTION_KEYS,
      onProgress: () => {},
      onEnrolled: (user) => enrolled.push(user),
    }
    await bulkSeed(app.database.db, { ...REQUEST, ...request }, deps)
    return enrolled
  }

  test('many users are spread over trees of accounts, each with an Admin', async () => {
    const before = await app.database.db.$count(users)

    await seedMany({ users: 6_000, accounts: 80 })

    assert.equal(await app.database.db.$count(users), before + 6_000)
    const [facts] = await app.database.sql`
      with recursive tree as (
        select id, 1 as depth from clients where parent_id is null
        union all select c.id, depth + 1 from clients c join tree on tree.id = c.parent_id
      ), sizes as (
        select c.id, count(u.id) as size, count(u.id) filter (where r.is_admin and u.status = 'active') as admins
        from clients c left join users u on u.client_id = c.id
          left join memberships m on m.user_id = u.id left join role_groups r on r.id = m.role_group_id
        where not c.is_platform group by c.id
      )
      select (select max(depth) from tree) as depth, (select count(*)::int from sizes where admins = 0) as headless,
        (select max(size) > 10 * min(size) from sizes) as uneven`
    assert.ok(facts?.depth >= 3)
    assert.equal(facts?.headless, 0)
    assert.equal(facts?.uneven, true)
  })

  test('many users may be added again, and all to one account', async () => {
    await seedMany({ users: 30 })
    const before = await app.database.db.$count(users)

    await seedMany({ users: 25, into: 'Meridian Foods' })

    assert.equal(await app.database.db.$count(users), before + 25)
    await assert.rejects(seedMany({ users: 1, into: 'Nobody Foods' }), UnknownClientError)
  })

  test('enrolled users of the seed sign in with the printed password and key', async () => {
    assert.equal(
      (await seedMany({ users: 100, enrolled: 100 })).length,
      100,
      'everybody, if that is asked for',
    )
    const enrolled = await seedMany({ users: 40, enrolled: 3 })
    assert.equal(enrolled.length, 3)

    for (const { email, password, secret } of enrolled) {
      const browser = app.browser()
      browser.secret = base32Decode(secret)
      assert.equal((await browser.signInWithPassword(email, password)).location, '/mfa/verify')
      assert.equal((await browser.verify()).location, '/')
    }
  })
})

test('progress is a bar on a terminal and a line every 10 % elsewhere', () => {
  const shownOn = (isTTY: boolean) => {
    let shown = ''
    const write = (text: string | Uint8Array) => {
      shown += text
      return true
    }
    const show = showProgress(1000, { isTTY, write })
    for (let done = 50; done <= 1000; done += 50) show(done)
    return shown
  }

  assert.equal(shownOn(false).trim().split('\n').length, 10)
  assert.match(shownOn(true), /\r\[#+\] 100 % 1000 of 1000 users, .*\n$/)
})
