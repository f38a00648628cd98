// Home: what a person, an Admin or the Service Desk has to do.
import assert from 'node:assert/strict'
import { after, before, describe, mock, test } from 'node:test'
import { eq, sql } from 'drizzle-orm'
import { bulkSeed } from '../../src/demo/bulk-seed.ts'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY, MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { Cast } from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble(
    [
      'admin@harbour.example',
      'tech@harbour.example',
      'desk@platform.example',
      'operator@platform.example',
      'admin@retail.harbour.example',
    ],
    ['finance@harbour.example', 'admin@meridian.example'],
  )
  app = cast.app
})
after(() => app.close())

async function homeOf(email: string): Promise<string> {
  const page = await cast.as(email).get('/')
  assert.equal(page.status, 200)
  return page.body
}

async function lockPasswordOf(email: string): Promise<void> {
  const guesser = app.browser()
  for (let guess = 0; guess < 5; guess += 1) await guesser.signInWithPassword(email, 'not the right password')
}

/** How many statements a view of a user's dashboard takes; the gate has its own connections. */
async function statementsOf(email: string): Promise<number> {
  // Once a minute a view also says that the session is in use.
  await homeOf(email)
  const sent = mock.method(app.database.sql, 'unsafe')
  try {
    await homeOf(email)
    return sent.mock.callCount()
  } finally {
    sent.mock.restore()
  }
}

const figure = (html: string, name: string) =>
  new RegExp(`data-figure="${name}">([^<]*)<`).exec(html)?.[1]?.trim()
const card = (html: string, id: string) =>
  new RegExp(`<section [^>]*aria-labelledby="${id}-title".*?</section>`, 's').exec(html)?.[0] ?? ''
const countOn = async (path: string) =>
  [...(await cast.as('admin@harbour.example').get(path)).body.matchAll(/<tr [^>]*data-user-id=/g)].length

describe('each person', () => {
  test('a user with an authenticator has nothing to do at Home, and one without may set it up', async () => {
    const enrolled = await homeOf('tech@harbour.example')
    const not = await homeOf('finance@harbour.example')

    assert.match(
      enrolled,
      /Your authenticator is active<\/h2>\s*<p>You have nothing to do here\..*<a href="\/account">/s,
    )
    assert.match(not, /You sign in with your password alone<\/h2>.*href="\/account\/authenticator">Set up/s)
    assert.doesNotMatch(not, /nothing to do/)
  })

  test('the Home of an Admin and of an agent shows nothing personal, except to an Admin without an authenticator', async () => {
    for (const email of ['admin@harbour.example', 'desk@platform.example'])
      assert.doesNotMatch(await homeOf(email), /mfa-title|You sign in with|authenticator is active/, email)
    assert.match(await homeOf('admin@meridian.example'), /You sign in with your password alone/)
  })

  test('the Home of an operator is /ops, and of an agent who operates as well it is not', async () => {
    const fresh = app.browser()
    fresh.secret = cast.as('operator@platform.example').secret

    const { location } = await fresh.signIn('operator@platform.example')
    assert.equal(location, '/')
    const home = await fresh.get('/')
    assert.deepEqual([home.status, home.location], [303, '/ops'])
    const { body } = await fresh.get('/ops')
    assert.match(body, /<h1>Operations<\/h1>/)
    assert.match(body, /href="\/ops" aria-current="page">Operations/)
    const desk = await app.userNamed('desk@platform.example')
    await app.database.sql`
      insert into memberships (user_id, role_group_id) select ${desk.id}, id from role_groups where is_operator`
    assert.match(await homeOf('desk@platform.example'), /href="\/ops">Operations/)
    await app.database.sql`
      delete from memberships where user_id = ${desk.id}
        and role_group_id in (select id from role_groups where is_operator)`
  })

  test('a user sees wrong codes given since their last sign-in, at Home and on the account page', async () => {
    const theo = cast.as('tech@harbour.example')
    assert.doesNotMatch(await homeOf('tech@harbour.example'), /since you last signed in/)
    const guesser = app.browser()
    await guesser.signInWithPassword('tech@harbour.example')
    await guesser.verify('000000')
    await guesser.verify('000001')

    for (const page of ['/', '/account'])
      assert.match(
        (await theo.get(page)).body,
        /2 wrong codes have been entered since you last signed in.*href="\/account#password-section"/s,
        page,
      )
  })

  test('a user who is neither Admin nor agent sees nothing about other users', async () => {
    for (const email of ['tech@harbour.example', 'finance@harbour.example'])
      assert.doesNotMatch(await homeOf(email), /data-figure|data-chart|Latest security events|overview-title/)
  })
})

describe('statements of a view', () => {
  test('the dashboard of a user without administration asks the statement of the gate and one for the applications', async () => {
    for (const email of ['tech@harbour.example', 'finance@harbour.example'])
      assert.equal(await statementsOf(email), 1, email)
  })

  test('the dashboard of an Admin and of an agent asks a fixed number of statements', async () => {
    // An Admin of a parent account also sees the accounts below.
    assert.equal(await statementsOf('admin@harbour.example'), 14)
    assert.equal(await statementsOf('admin@meridian.example'), 9)
    // One asks which cases wait for the agent.
    assert.equal(await statementsOf('desk@platform.example'), 6)
  })
})

describe('an Admin', () => {
  test('an Admin sees how many users of the account are enrolled, also by role group', async () => {
    const home = await homeOf('admin@harbour.example')

    assert.equal(figure(home, 'coverage'), '33 %')
    assert.match(card(home, 'coverage'), /2 of 6 people/)
    const row = (key: string) => new RegExp(`data-role-group="${key}".*?</tr>`, 's').exec(home)?.[0] ?? ''
    assert.match(row('admin'), /Required<.*1 of 2</s)
    assert.match(row('tech-operator'), /Required<.*1 of 2</s)
    assert.match(row('finance-manager'), /Not required<.*0 of 1</s)
    assert.equal(row('tech-admin'), '', 'no user holds it')
  })

  test('an Admin sees which users lack required MFA, and a link leads to exactly those', async () => {
    const home = await homeOf('admin@harbour.example')

    const task = card(home, 'missing')
    assert.match(task, /2 people must still set up MFA<.*1 of them has not accepted the invitation yet/s)
    const [, href = ''] = /href="([^"]+)">Show them</.exec(task) ?? []
    assert.equal(await countOn(href.replaceAll('&amp;', '&')), 2)
  })

  test('an Admin’s figures do not count disabled users', async () => {
    const lucas = await app.userNamed('admin2@harbour.example')
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, lucas.id))
    try {
      const home = await homeOf('admin@harbour.example')
      assert.match(card(home, 'missing'), /1 person must still set up MFA/)
      assert.match(card(home, 'coverage'), /2 of 5 people/)
    } finally {
      await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.id, lucas.id))
    }
  })

  test('an Admin sees who is locked out until the lock ends, and no user of another account', async () => {
    assert.equal(figure(await homeOf('admin@harbour.example'), 'locked'), 'None')
    await lockPasswordOf('support@harbour.example')
    await lockPasswordOf('tech@retail.harbour.example')
    const samir = await app.userNamed('support@harbour.example')

    const home = await homeOf('admin@harbour.example')

    assert.equal(figure(home, 'locked'), '1')
    assert.match(
      card(home, 'locked'),
      new RegExp(`href="/users/${samir.id}">Samir Haddad</a>.*until <time`, 's'),
    )
    app.clock.advance(15 * MINUTE)
    assert.equal(figure(await homeOf('admin@harbour.example'), 'locked'), 'None')
  })

  test('an Admin sees failed sign-ins and resets of 30 days, each with its numbers in words', async () => {
    await cast
      .as('admin@harbour.example')
      .post(`/users/${(await app.userNamed('tech@harbour.example')).id}/mfa-reset`, {
        reason: 'New phone',
        presence: cast.as('admin@harbour.example').nextCode(),
      })
    await cast.comeBack('tech@harbour.example')

    const home = await homeOf('admin@harbour.example')

    const failed = card(home, 'failed-sign-ins')
    assert.match(failed, /aria-label="Failed sign-ins, last 30 days: 7 in all, most on 2 Mar: 7"/)
    assert.equal([...failed.matchAll(/<rect /g)].length, 1)
    assert.match(failed, /<th scope="row">2 Mar<\/th><td>7<\/td>/)
    assert.match(failed, /1 Feb.*2 Mar/s)
    assert.match(
      card(home, 'mfa-resets'),
      /aria-label="MFA resets, last 30 days: 1 in all, most on 2 Mar: 1"/,
    )
  })

  test('an Admin sees no failed sign-in from more than 30 days ago', async () => {
    const clientId = await cast.people.clientId('Meridian Foods')
    const failedDaysAgo = (days: number) => ({
      at: new Date(app.clock.now().getTime() - days * DAY),
      action: 'sign-in.password',
      outcome: 'failure' as const,
      clientId,
    })
    await app.deps.db.insert(auditEvents).values([31, 30, 29, 29, 0].map(failedDaysAgo))

    const home = await homeOf('admin@meridian.example')

    assert.match(card(home, 'failed-sign-ins'), /: 3 in all, most on 1 Feb: 2"/)
    assert.match(card(home, 'mfa-resets'), /No MFA was reset/)
  })

  test('an Admin reads the latest security events as sentences, without the daily sign-ins', async () => {
    const events = card(await homeOf('admin@harbour.example'), 'events')

    assert.match(events, /Theo Marchetti set up an authenticator\./)
    assert.match(events, /Amara Okafor reset the MFA of Theo Marchetti\./)
    assert.match(events, /Samir Haddad: too many wrong passwords, now locked\./)
    assert.doesNotMatch(events, /signed in\.|entered the right password/)
    assert.ok(
      events.indexOf('set up an authenticator') < events.indexOf('reset the MFA'),
      'the newest stands first',
    )
  })

  test('an Admin does not read the target of a reset that a user tried in another account', async () => {
    const marta = await app.userNamed('admin@meridian.example')
    await cast.as('admin@harbour.example').post(`/users/${marta.id}/mfa-reset`, {
      reason: 'x',
      presence: cast.as('admin@harbour.example').nextCode(),
    })

    const home = await homeOf('admin@harbour.example')

    assert.match(home, /Amara Okafor was not allowed to reset the MFA of a person of another account/)
    assert.doesNotMatch(home, /Marta/)
  })

  test('an Admin sees the own account and no account below', async () => {
    const home = await homeOf('admin@retail.harbour.example')

    assert.match(card(home, 'coverage'), /1 of 2 people/)
    assert.doesNotMatch(home, /Amara|Theo|Oliver/)
  })

  test('an Admin reads the name of a user of an account below, as in the audit log', async () => {
    const ravi = await app.userNamed('tech@retail.harbour.example')
    const refused = await cast.as('admin@harbour.example').post(`/users/${ravi.id}/mfa-reset`, {
      reason: 'x',
      presence: cast.as('admin@harbour.example').nextCode(),
    })
    assert.equal(refused.status, 403)

    for (const page of ['/', '/audit'])
      assert.match(
        (await cast.as('admin@harbour.example').get(page)).body,
        /Amara Okafor was not allowed to reset the MFA of Ravi/,
        page,
      )
  })
})

describe('an account that is large or under attack', () => {
  before(async () => {
    await bulkSeed(
      app.deps.db,
      { users: 10_400, enrolled: 0, accounts: null, into: 'Meridian Foods' },
      { keys: app.deps.config.ENCRYPTION_KEYS, onProgress: () => {}, onEnrolled: () => {} },
    )
  })

  test('a large account is counted completely', async () => {
    const home = await homeOf('admin@meridian.example')
    const [row] = await app.database.sql<{ people: number }[]>`
      select count(*)::int as people from users
      where client_id = ${await cast.people.clientId('Meridian Foods')} and status <> 'disabled'`

    assert.ok(row && row.people > 10_000)
    assert.match(card(home, 'coverage'), new RegExp(`0 of ${row.people} people`))
  })

  test('at most a thousand failures of a day are counted, and the chart says so', async () => {
    const clientId = await cast.people.clientId('Meridian Foods')
    await app.deps.db.execute(sql`
      insert into audit_events (at, client_id, action, outcome)
      select ${app.clock.now().toISOString()}::timestamptz, ${clientId}::uuid, 'sign-in.password', 'failure'
      from generate_series(1, 1500)`)

    const chart = card(await homeOf('admin@meridian.example'), 'failed-sign-ins')

    assert.match(chart, /Most on 2 Mar: 1000 or more/)
    assert.match(chart, /at least 1002</)
    assert.match(chart, /<td>1000 or more<\/td>/)
  })
})

describe('the Service Desk', () => {
  test('the Service Desk sees the locked Admins of every account, and no other locked user', async () => {
    assert.equal(figure(await homeOf('desk@platform.example'), 'locked-admins'), 'None')
    await lockPasswordOf('admin@online.harbour.example')
    await lockPasswordOf('tech@online.harbour.example')

    const home = await homeOf('desk@platform.example')

    assert.equal(figure(home, 'locked-admins'), '1')
    assert.match(card(home, 'locked'), /Oliver Whitfield<\/a> of Harbour Online/)
    assert.doesNotMatch(home, /Mei-Ling/)
    app.clock.advance(15 * MINUTE)
    assert.equal(figure(await homeOf('desk@platform.example'), 'locked-admins'), 'None')
  })

  test('the Service Desk sees the users whom a mail never reached', async () => {
    assert.equal(figure(await homeOf('desk@platform.example'), 'undelivered'), 'None')
    const theo = await app.userNamed('tech@harbour.example')
    const [mail] = await app.deps.db
      .insert(notifications)
      .values({ recipientId: theo.id, kind: 'mfa-reset' })
      .returning()
    assert.ok(mail)
    const pending = {
      job: 'send-notification',
      payload: { notificationId: mail.id },
      failedAt: app.clock.now(),
      failure: 'no such mailbox',
    }
    const [row] = await app.deps.db.insert(outbox).values(pending).returning()
    assert.ok(row)

    const home = await homeOf('desk@platform.example')

    assert.equal(figure(home, 'undelivered'), '1')
    assert.match(
      card(home, 'undelivered'),
      /Theo Marchetti<\/a> of Harbour Group.*MFA reset, given up <time/s,
    )
    assert.doesNotMatch(home, /no such mailbox/)
    await app.deps.db.update(outbox).set({ failedAt: null }).where(eq(outbox.id, row.id))
    assert.equal(figure(await homeOf('desk@platform.example'), 'undelivered'), 'None')
  })

  test('the Service Desk sees the accounts in use of which no Admin is enrolled', async () => {
    const names = async () =>
      [...card(await homeOf('desk@platform.example'), 'unguarded').matchAll(/role=admin">([^<]+)</g)].map(
        ([, name]) => name,
      )

    assert.deepEqual(await names(), ['Harbour Online', 'Meridian Foods'])
    const suspended = { suspendedAt: app.clock.now() }
    await app.deps.db.update(clients).set(suspended).where(eq(clients.name, 'Meridian Foods'))
    const oliver = await app.userNamed('admin@online.harbour.example')
    await app.database.sql`
      insert into authenticators (user_id, status, sealed_secret, pending_until, activated_at)
      values (${oliver.id}, 'active', 'x', now(), now())`

    assert.deepEqual(await names(), [])
    await app.deps.db.update(clients).set({ suspendedAt: null }).where(eq(clients.name, 'Meridian Foods'))
  })
})

test('a page that fails by our fault offers to be opened again', async () => {
  const marta = app.browser()
  await marta.signInWithPassword('admin@meridian.example')
  await app.database.sql.unsafe('alter table mfa_resets rename to mfa_resets_away')
  try {
    const { status, body } = await marta.get('/?x=1')
    assert.ok(status >= 500)
    assert.match(body, /<a class="button" href="">Try again<\/a>/)
  } finally {
    await app.database.sql.unsafe('alter table mfa_resets_away rename to mfa_resets')
  }
  assert.doesNotMatch((await marta.get('/nowhere')).body, /Try again/)
})
