// The users page, the user page and what narrows the list down.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq, sql } from 'drizzle-orm'
import { bulkSeed } from '../../src/demo/bulk-seed.ts'
import { completeMfaReset } from '../../src/mfa-reset/complete-mfa-reset.ts'
import { mfaResets } from '../../src/platform/db/schema/mfa-resets.ts'
import { memberships, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { fieldsWithProblem, problemOf } from '../support/browser.ts'
import { Cast } from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble(
    [
      'admin@harbour.example',
      'tech@harbour.example',
      'admin@retail.harbour.example',
      'desk@platform.example',
      'operator@platform.example',
    ],
    ['finance@harbour.example'],
  )
  app = cast.app
})
after(() => app.close())

/** The row of a user on a users page, as HTML. */
function rowOf(html: string, userId: string): string {
  const [row] = new RegExp(`<tr id="user-${userId}".*?</tr>`, 's').exec(html) ?? []
  assert.ok(row, 'the user has a row')
  return row
}

function userIdsOn(html: string): string[] {
  return [...html.matchAll(/<tr [^>]*data-user-id="([^"]+)"/g)].map(([, id = '']) => id)
}

const namesOn = (html: string) =>
  [...html.matchAll(/<th role="rowheader"[^>]*>\s*<a[^>]*>([^<]+)</g)].map(([, n]) => n)

describe('the users page', () => {
  test('the users page displays the MFA status of all users of an Admin’s account', async () => {
    const page = await cast.as('admin@harbour.example').get('/users')

    assert.equal(page.status, 200)
    assert.deepEqual(namesOn(page.body), [
      'Amara Okafor',
      'Fiona Gallagher',
      'Lucas Lindqvist',
      'Nina Kowalska',
      'Samir Haddad',
      'Theo Marchetti',
    ])
    const tech = rowOf(page.body, (await app.userNamed('tech@harbour.example')).id)
    assert.match(tech, /data-mfa="active" data-status="active"/)
    assert.match(tech, /Enrolled<\/span>/)
    assert.match(tech, /Tech Operator/)
    assert.match(tech, /Last sign-in<\/span><time/)
    const invited = rowOf(page.body, (await app.userNamed('new.tech@harbour.example')).id)
    assert.match(invited, /data-mfa="none" data-status="invited"/)
    assert.match(invited, /Invited, 7 days left<\/span> <span class="note">MFA required/)
    const finance = rowOf(page.body, (await app.userNamed('finance@harbour.example')).id)
    assert.match(finance, /Not enrolled/)
    assert.match(finance, /Last sign-in<\/span><time/, 'a password alone signs in whom no MFA is asked of')
  })

  test('the users page is the same at its long address', async () => {
    const page = await cast
      .as('admin@harbour.example')
      .get(`/clients/${await cast.people.clientId('Harbour Group')}/users`)

    assert.equal(userIdsOn(page.body).length, 6)
  })

  test('the users page has the reset button where the rules allow it, and elsewhere says why not', async () => {
    const page = await cast.as('admin@harbour.example').get('/users')

    const tech = (await app.userNamed('tech@harbour.example')).id
    assert.match(rowOf(page.body, tech), new RegExp(`href="/users/${tech}/mfa-reset\\?back=%2Fusers"`))
    const self = rowOf(page.body, (await app.userNamed('admin@harbour.example')).id)
    assert.doesNotMatch(self, /mfa-reset/)
    assert.match(self, /Ask the Service Desk/)
    const otherAdmin = rowOf(page.body, (await app.userNamed('admin2@harbour.example')).id)
    assert.doesNotMatch(otherAdmin, /mfa-reset/)
    assert.match(otherAdmin, /Only the Service Desk resets, changes or disables an Admin/)
    assert.doesNotMatch(rowOf(page.body, (await app.userNamed('finance@harbour.example')).id), /mfa-reset/)
  })

  test('the users page of a child account opens to the parent’s Admin without any button', async () => {
    const retail = await cast.people.clientId('Harbour Retail')

    const page = await cast.as('admin@harbour.example').get(`/clients/${retail}/users`)

    assert.equal(page.status, 200)
    assert.match(
      rowOf(page.body, (await app.userNamed('admin@retail.harbour.example')).id),
      /data-mfa="active"/,
    )
    assert.doesNotMatch(page.body, /mfa-reset|\/unlock/)
    assert.match(page.body, /only its own Admins and the Service Desk may change it/)
  })

  test('the users page of a parent, a sibling, an unknown or a malformed account does not exist', async () => {
    const admin = cast.as('admin@retail.harbour.example')
    const ids = [
      await cast.people.clientId('Harbour Group'),
      await cast.people.clientId('Meridian Foods'),
      crypto.randomUUID(),
      'x',
    ]

    const pages = await Promise.all(ids.map((id) => admin.get(`/clients/${id}/users`)))

    assert.deepEqual(
      pages.map(({ status }) => status),
      [404, 404, 404, 404],
    )
    const bodies = pages.map(({ body }) => body.replace(/[0-9a-f-]{36}|<code.*?<\/code>/g, ''))
    assert.equal(new Set(bodies).size, 1, 'and nothing tells them apart')
  })

  test('the users page is forbidden to users of the account who are not Admins, and does not exist for others', async () => {
    for (const email of ['tech@harbour.example', 'finance@harbour.example', 'operator@platform.example']) {
      assert.equal((await cast.as(email).get('/users')).status, 403, email)
      assert.equal(
        (await cast.as(email).get(`/clients/${await cast.people.clientId('Harbour Retail')}/users`)).status,
        404,
      )
    }
  })

  test('the users page of every account opens to the Service Desk, with the buttons that an Admin lacks', async () => {
    const page = await cast
      .as('desk@platform.example')
      .get(`/clients/${await cast.people.clientId('Harbour Group')}/users`)

    const admin = (await app.userNamed('admin@harbour.example')).id
    assert.match(rowOf(page.body, admin), new RegExp(`href="/users/${admin}/mfa-reset\\?back=`))
  })
})

describe('searching and filtering', () => {
  async function found(query: string): Promise<(string | undefined)[]> {
    const page = await cast.as('admin@harbour.example').get(`/users?${query}`)
    assert.equal(page.status, 200)
    return namesOn(page.body)
  }

  test('a search finds a part of the name or the e-mail address, in any case', async () => {
    assert.deepEqual(await found('q=OKAF'), ['Amara Okafor'])
    assert.deepEqual(await found('q=new.tech'), ['Nina Kowalska'])
    assert.deepEqual(await found('q=ka'), ['Amara Okafor', 'Nina Kowalska'])
    assert.deepEqual(await found('q=nobody'), [])
  })

  test('a search takes wildcards and special characters literally', async () => {
    for (const q of ['%', '_', '\\', "'", '%00', '%25%25%25', '%F0%9F%94%91'])
      assert.deepEqual(
        await found(`q=${q === '%' ? '%25' : q}`).then(({ length }) => length),
        q === '%00' ? 6 : 0,
      )
  })

  test('the list is filtered by role group, MFA and status', async () => {
    assert.deepEqual(await found('role=admin'), ['Amara Okafor', 'Lucas Lindqvist'])
    assert.deepEqual(await found('role=no-such-group'), [])
    assert.deepEqual(await found(`role=${'x'.repeat(200)}`), [])
    assert.deepEqual(await found('mfa=enrolled'), ['Amara Okafor', 'Theo Marchetti'])
    assert.deepEqual(await found('mfa=not-enrolled'), [
      'Fiona Gallagher',
      'Lucas Lindqvist',
      'Nina Kowalska',
      'Samir Haddad',
    ])
    assert.deepEqual(await found('mfa=required-missing'), ['Lucas Lindqvist', 'Nina Kowalska'])
    assert.deepEqual(await found('status=invited'), ['Nina Kowalska'])
    assert.deepEqual(await found('status=active&role=tech-operator&mfa=enrolled&q=theo'), ['Theo Marchetti'])
  })

  test('the list is filtered by a role group that the deployment added, whatever its key', async () => {
    const [added] = await app.deps.db
      .insert(roleGroups)
      .values({ key: 'tier2_Support', name: 'Second line', rank: 1 })
      .returning()
    assert.ok(added)
    assert.deepEqual(await found('role=tier2_Support'), [])

    const userId = (await app.userNamed('support@harbour.example')).id
    await app.deps.db.insert(memberships).values({ userId, roleGroupId: added.id })
    assert.deepEqual(await found('role=tier2_Support'), ['Samir Haddad'])
    await app.deps.db.delete(memberships).where(eq(memberships.roleGroupId, added.id))
    await app.deps.db.delete(roleGroups).where(eq(roleGroups.id, added.id))
  })

  test('an invalid cursor is ignored, and of a repeated filter the last counts', async () => {
    assert.equal((await found('mfa=&status=&after=x&q[]=a')).length, 6)
    assert.deepEqual(await found('q=b&q=amara'), ['Amara Okafor'])
    assert.deepEqual(await found('role=admin&role=no-such-group'), [])
    assert.deepEqual(await found('status=maybe&status=invited'), ['Nina Kowalska'])
  })

  for (const [query, field, message] of [
    ['mfa=maybe', 'mfa', 'There is no such choice. Choose one of the list.'],
    ['mfa=enrolled&mfa=maybe', 'mfa', 'There is no such choice. Choose one of the list.'],
    ['status=maybe', 'status', 'There is no such status. Choose one of the list.'],
    ['status=withdrawn', 'status', 'There is no such status. Choose one of the list.'],
  ] as const)
    test(`an invalid filter is named beside its field and shows no user: ${query}`, async () => {
      const harbour = `/clients/${await cast.people.clientId('Harbour Group')}/users`
      for (const [email, path] of [
        ['admin@harbour.example', '/users'],
        ['admin@harbour.example', harbour],
        ['desk@platform.example', harbour],
      ] as const) {
        const page = await cast.as(email).get(`${path}?${query}&q=theo&role=tech-operator`)

        assert.equal(page.status, 422)
        assert.equal(problemOf(page, field), message)
        assert.deepEqual(fieldsWithProblem(page), [field])
        assert.deepEqual(userIdsOn(page.body), [])
        assert.match(page.body, /name="q"[^>]* value="theo"/)
        assert.match(page.body, /<option value="tech-operator" selected>/)
      }
    })

  test('a search cannot place a user of another account among the own', async () => {
    assert.deepEqual(await found(`after=${(await app.userNamed('admin@meridian.example')).id}`), [])
  })
})

describe('paging', () => {
  /** More than one request goes along. */
  const LARGE = { name: 'Meridian Foods', size: 20_437 }
  /** Pages enough that some begin among people of one name. */
  const MEDIUM = { name: 'Harbour Online', size: 2_037 }

  before(async () => {
    for (const { name, size } of [LARGE, MEDIUM])
      await bulkSeed(
        app.deps.db,
        { users: size, enrolled: 40, accounts: null, into: name },
        { keys: app.deps.config.ENCRYPTION_KEYS, onProgress: () => {}, onEnrolled: () => {} },
      )
    await app.database.sql`
      insert into mfa_policies (client_id, role_group_id)
      select ${await cast.people.clientId(LARGE.name)}, id from role_groups where key in ('admin', 'tech-operator')`
    await app.database.sql`analyze`
  })

  async function walk(query: string, account = LARGE.name): Promise<string[]> {
    const desk = cast.as('desk@platform.example')
    let next: string | undefined = `/clients/${await cast.people.clientId(account)}/users?${query}`
    const ids: string[] = []
    while (next) {
      app.clock.advance(100)
      const page = await desk.get(next)
      assert.equal(page.status, 200)
      ids.push(...userIdsOn(page.body))
      next = /href="([^"]+)" rel="next"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&')
    }
    return ids
  }

  async function expected(
    condition: ReturnType<typeof sql>,
    q = '',
    account = LARGE.name,
  ): Promise<string[]> {
    const rows = await app.deps.db
      .select({ id: users.id, name: users.name })
      .from(users)
      .where(sql`${users.clientId} = ${await cast.people.clientId(account)} and ${condition}`)
      .orderBy(sql`lower(${users.name}) collate "und-x-icu"`, users.id)
    const sameLetters = new Intl.Collator('en', { sensitivity: 'base' })
    const begins = (name: string) => sameLetters.compare([...name].slice(0, [...q].length).join(''), q) === 0
    return [...rows.filter(({ name }) => begins(name)), ...rows.filter(({ name }) => !begins(name))].map(
      ({ id }) => id,
    )
  }

  test('the pages show every user exactly once, in the order of their names', async () => {
    const ids = await walk('', MEDIUM.name)

    assert.equal(ids.length, MEDIUM.size + 2)
    assert.deepEqual(ids, await expected(sql`true`, '', MEDIUM.name))
  })

  test('the pages of a common, a rare and a short term show exactly the matching users', async () => {
    for (const q of ['kim', 'zoë', 'ana', '.1234@', 'qz', 'Zoë Z', 'Meyer, Zoë']) {
      const words = q.toLowerCase().split(/[ ,]+/)
      const fits = sql.join(
        words.map((word) => sql`lower(${users.name} || ' ' || ${users.email}) like ${`%${word}%`}`),
        sql` and `,
      )
      assert.deepEqual(
        await walk(new URLSearchParams({ q }).toString()),
        await expected(
          sql`((${fits}) or lower(${users.name}) ~ ${`^${q.toLowerCase().replace('ë', '[eë]')}`})`,
          q,
        ),
        q,
      )
    }
  })

  test('the pages show all users who match rare filters', async () => {
    const active = sql`exists (select 1 from authenticators a where a.user_id = ${users.id} and a.status = 'active')`

    assert.deepEqual(await walk('mfa=enrolled'), await expected(active))
    assert.deepEqual(
      await walk('mfa=enrolled&q=a&status=active'),
      await expected(sql`${active} and ${users.name} || ${users.email} ilike '%a%'`, 'a'),
    )
    assert.deepEqual(await walk('status=disabled'), await expected(sql`${users.status} = 'disabled'`))
  })

  test('the pages show all users of a role group, and all of whom MFA is required and missing', async () => {
    const holds = (keys: string) => sql`exists (
      select 1 from memberships m join role_groups r on r.id = m.role_group_id
      where m.user_id = ${users.id} and r.key = any(string_to_array(${keys}, ' '))
    )`
    const missing = sql`${holds('admin tech-operator')} and ${users.status} <> 'disabled' and not exists (
      select 1 from authenticators a where a.user_id = ${users.id} and a.status = 'active'
    )`

    assert.deepEqual(await walk('role=finance-admin'), await expected(holds('finance-admin')))
    assert.deepEqual(
      await walk('role=tech-admin&status=invited'),
      await expected(sql`${holds('tech-admin')} and ${users.status} = 'invited'`),
    )
    assert.deepEqual(await walk('mfa=required-missing'), await expected(missing))
    for (const role of ['admin', 'tech-admin'])
      assert.deepEqual(
        await walk(`role=${role}&mfa=required-missing`),
        await expected(sql`${holds(role)} and ${missing}`),
        role,
      )
    assert.deepEqual(
      await walk('mfa=required-missing&q=zhang'),
      await expected(sql`${missing} and ${users.name} || ${users.email} ilike '%zhang%'`, 'zhang'),
    )
  })

  test('a whole e-mail address finds exactly its user', async () => {
    const [user] = await app.deps.db
      .select({ id: users.id, email: users.email })
      .from(users)
      .where(sql`${users.email} like '%.20001@%'`)
    assert.ok(user)

    assert.deepEqual(await walk(new URLSearchParams({ q: user.email.toUpperCase() }).toString()), [user.id])
    assert.deepEqual(await walk(new URLSearchParams({ q: user.email, mfa: 'enrolled' }).toString()), [])
    assert.deepEqual(await walk(new URLSearchParams({ q: user.email.slice(1) }).toString()), [user.id])
    assert.deepEqual(
      await walk(new URLSearchParams({ q: 'admin@harbour.example' }).toString()),
      [],
      'no user of another account',
    )
  })
})

describe('a reset', () => {
  test('a reset shows in the row as requested, completed and enrolled again, and the row polls only meanwhile', async () => {
    const admin = cast.as('admin@harbour.example')
    const tech = (await app.userNamed('tech@harbour.example')).id
    await admin.post(`/users/${tech}/mfa-reset`, { reason: 'New phone' })

    const requested = rowOf((await admin.get('/users')).body, tech)
    assert.match(requested, /data-mfa="none"/)
    assert.match(requested, /data-reset="requested"/)
    assert.match(requested, /hx-trigger="every 2000ms"/)
    assert.doesNotMatch(requested, /href="[^"]*mfa-reset[?"]/)

    const [reset] = await app.deps.db.select().from(mfaResets).where(eq(mfaResets.userId, tech))
    assert.ok(reset)
    await app.deps.db.transaction((tx) => completeMfaReset(tx, reset.id, app.clock.now()))
    const completed = rowOf((await admin.get(`/users/${tech}/row`)).body, tech)
    assert.match(completed, /data-reset="completed"/)
    assert.match(completed, /hx-trigger="every 10000ms"/)
    const facts = (await admin.get(`/users/${tech}/facts`)).body
    assert.match(
      facts,
      new RegExp(`id="facts"[^>]*hx-get="/users/${tech}/facts"\\s+hx-trigger="every 10000ms"`),
    )
    app.clock.advance(11 * MINUTE)
    assert.doesNotMatch(rowOf((await admin.get('/users')).body, tech), /hx-get/)

    await cast.comeBack('tech@harbour.example')
    const enrolled = rowOf((await admin.get('/users')).body, tech)
    assert.match(enrolled, /data-mfa="active"/)
    assert.match(enrolled, /data-reset="re-enrolled"/)
    assert.doesNotMatch(enrolled, /hx-get/)
  })

  test('a reset asks the Service Desk for more than an Admin, keeps what was typed and names what is missing', async () => {
    const desk = cast.as('desk@platform.example')
    const tech = (await app.userNamed('tech@harbour.example')).id
    const page = await desk.get(`/users/${tech}/mfa-reset`)
    assert.match(page.body, /Theo Marchetti/)
    for (const name of ['reason', 'ticket', 'identifiedBy'])
      assert.match(page.body, new RegExp(`name="${name}"`))

    const refused = await desk.post(`/users/${tech}/mfa-reset`, {
      reason: 'Lost <phone>',
      identifiedBy: 'psychic',
      presence: desk.nextCode(),
    })

    assert.equal(refused.status, 422)
    assert.match(refused.body, /Lost &lt;phone&gt;<\/textarea>/)
    assert.match(refused.body, /id="ticket-problem" role="alert"/)
    assert.match(refused.body, /class="alert" id="identifiedBy-problem"/)
    assert.doesNotMatch(refused.body, /id="reason-problem"/)
    assert.match(refused.body, /Cancel/)
  })
})

describe('the user page', () => {
  test('the user page shows who the user is and what has happened to their sign-in', async () => {
    const page = await cast
      .as('admin@harbour.example')
      .get(`/users/${(await app.userNamed('tech@harbour.example')).id}`)

    assert.equal(page.status, 200)
    assert.match(page.body, /by Amara Okafor: New phone/)
    assert.match(page.body, /until it was revoked/)
    assert.match(page.body, /Theo Marchetti signed in\./)
    assert.match(page.body, /data-mfa="active"/)
  })

  test('the user page lets an Admin unlock a user with a reason while a lock is in force', async () => {
    const admin = cast.as('admin@harbour.example')
    const finance = (await app.userNamed('finance@harbour.example')).id
    const guesser = app.browser()
    for (let guess = 0; guess < 5; guess += 1)
      await guesser.signInWithPassword('finance@harbour.example', 'not the right password')

    const locked = await admin.get(`/users/${finance}`)
    assert.match(locked.body, new RegExp(`href="/users/${finance}/unlock\\?back=`))
    assert.match((await admin.get(`/users/${finance}/unlock`)).body, /name="reason"/)
    assert.match(locked.body, /too many wrong passwords, now locked/)
    assert.match(rowOf((await admin.get('/users')).body, finance), /\/unlock\?back=/)
    assert.equal(
      (await admin.post(`/users/${finance}/unlock`, { reason: 'It was her', presence: admin.nextCode() }))
        .status,
      303,
    )

    const unlocked = await admin.get(`/users/${finance}`)
    assert.doesNotMatch(unlocked.body, /\/unlock"/)
    assert.match(unlocked.body, /Amara Okafor lifted the password lock of Fiona Gallagher/)
  })

  test('the user page opens to users who may see the account, and does not exist for others', async () => {
    const inChild = (await app.userNamed('tech@retail.harbour.example')).id
    const ofParent = (await app.userNamed('tech@harbour.example')).id

    const child = await cast.as('admin@harbour.example').get(`/users/${inChild}`)
    assert.equal(child.status, 200)
    assert.doesNotMatch(child.body, /mfa-reset"|\/unlock"/)
    assert.equal((await cast.as('admin@retail.harbour.example').get(`/users/${ofParent}`)).status, 404)
    assert.equal((await cast.as('admin@retail.harbour.example').get(`/users/${ofParent}/row`)).status, 404)
    assert.equal((await cast.as('admin@harbour.example').get('/users/nobody')).status, 404)
    assert.equal((await cast.as('finance@harbour.example').get(`/users/${ofParent}`)).status, 403)
    assert.equal((await cast.as('desk@platform.example').get(`/users/${inChild}`)).status, 200)
  })
})
