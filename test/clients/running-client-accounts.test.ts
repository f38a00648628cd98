// What the Service Desk does to client accounts: creating one with its first Admin, renaming, suspending, resuming.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { sessions } from '../../src/platform/db/schema/sessions.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import type { TestApp } from '../support/app.ts'
import { DEMO_PASSWORD, fieldsWithProblem } from '../support/browser.ts'
import { Cast } from '../support/cast.ts'

const ADMIN = 'admin@harbour.example'
const USER = 'tech@harbour.example'
const CHILD_ADMIN = 'admin@retail.harbour.example'
const FOREIGN_ADMIN = 'admin@meridian.example'
const DESK = 'desk@platform.example'
const OPERATOR = 'operator@platform.example'
const EVIDENCE = { ticket: 'SD-4711', reason: 'Contract signed' }
const NEW_PASSWORD = 'seven green lanterns in fog'
const NO_ID = '01890000-0000-7000-8000-000000000000'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble([ADMIN, USER, CHILD_ADMIN, OPERATOR, DESK], [FOREIGN_ADMIN])
  app = cast.app
})
after(() => app.close())

async function clientNamed(name: string) {
  const [client] = await app.deps.db.select().from(clients).where(eq(clients.name, name))
  assert.ok(client, name)
  return client
}

const pageOf = async (name: string, page = '') => `/clients/${(await clientNamed(name)).id}${page}`

let made = 0
/** The form of a new account, of which nothing was used before. */
function newAccount(more: Record<string, string> = {}): Record<string, string> {
  made += 1
  return {
    name: `Account ${made}`,
    parentId: '',
    adminName: 'Iris Nakamura',
    adminEmail: `iris${made}@account.example`,
    ...EVIDENCE,
    ...more,
  }
}

describe('creating a client account', () => {
  test('an account is created anywhere in the tree, with its first Admin invited by mail', async () => {
    const retail = await clientNamed('Harbour Retail')

    const answer = await cast
      .as(DESK)
      .post('/clients', newAccount({ name: '  Harbour \t Kiosks ', parentId: retail.id }))

    const account = await clientNamed('Harbour Kiosks')
    assert.equal(answer.status, 303)
    assert.equal(answer.location, `/clients/${account.id}`)
    assert.equal(account.parentId, retail.id)
    const iris = await app.userNamed(`iris${made}@account.example`)
    assert.equal(iris.clientId, account.id)
    assert.equal(iris.status, 'invited')
    const event = await cast.people.lastEvent('client.created', account.id)
    assert.equal(event?.actorId, (await app.userNamed(DESK)).id)
    const details = { name: 'Harbour Kiosks', parentId: retail.id, ...EVIDENCE }
    assert.deepEqual(event?.details, details, 'nothing tells its Admin what the account above is called')
    const sent = await cast.people.lastEvent('invitation.sent', account.id)
    assert.equal(sent?.subjectId, iris.id)
    const [mail] = await app.deps.db
      .select()
      .from(notifications)
      .where(eq(notifications.recipientId, iris.id))
    assert.equal(mail?.kind, 'invitation')
    const queued = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'send-notification'))
    assert.ok(queued.some(({ payload }) => payload.notificationId === mail?.id))
    assert.equal((await cast.as(DESK).get(`/clients/${account.id}`)).status, 200)
    assert.match((await cast.as(ADMIN).get('/clients')).body, /Harbour Kiosks/)
  })

  test('one request creates the account and its first Admin, and nothing else', async () => {
    const { ticket: _ticket, reason: _reason, ...form } = newAccount()

    const answer = await cast.as(DESK).post('/clients', form)

    const account = await clientNamed(form.name ?? '')
    assert.equal(answer.location, `/clients/${account.id}`)
    assert.deepEqual((await cast.people.lastEvent('client.created', account.id))?.details, {
      name: account.name,
    })
  })

  test('a new account requires MFA of Admins, so the first one enrols before the account is active', async () => {
    const form = newAccount()
    await cast.as(DESK).post('/clients', form)
    const email = form.adminEmail ?? ''
    const account = await clientNamed(form.name ?? '')
    const required = await app.deps.db
      .select({ key: roleGroups.key })
      .from(mfaPolicies)
      .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
      .where(eq(mfaPolicies.clientId, account.id))
    assert.deepEqual(required, [{ key: 'admin' }])

    const iris = app.browser()
    const activated = await iris.post(await cast.people.invitationLink(email), { password: NEW_PASSWORD })
    assert.equal(activated.location, '/mfa/enrol')
    assert.equal((await iris.get('/users')).location, '/mfa/enrol')
    assert.equal((await app.userNamed(email)).status, 'invited')
    await iris.enrol()
    await iris.verify(iris.nextCode())

    assert.equal((await app.userNamed(email)).status, 'active')
    assert.equal((await iris.get('/users')).status, 200)
    assert.equal((await iris.get('/clients/new')).status, 403)
    assert.equal((await cast.as(DESK).get('/')).status, 200)
  })

  test('a form with errors names each beside its field, keeps what was typed and creates nothing', async () => {
    const before = await app.deps.db.$count(clients)
    const long = 'x'.repeat(101)
    const cases: [fields: Record<string, string>, problems: string[]][] = [
      [
        { name: ' ', adminName: '', adminEmail: 'nobody', ticket: '', reason: '\n' },
        ['name', 'adminName', 'adminEmail', 'ticket', 'reason'],
      ],
      [{ name: long, adminName: long }, ['name', 'adminName']],
      // Nothing can be seen of them.
      [{ name: '\u3164', adminName: '\u2800' }, ['name', 'adminName']],
      [{ adminEmail: `${'a'.repeat(250)}@account.example` }, ['adminEmail']],
      // The Kelvin sign becomes our k where the case is folded.
      [{ adminEmail: '\u212aate@account.example' }, ['adminEmail']],
      [{ adminEmail: '+iris@account.example' }, ['adminEmail']],
      [{ adminEmail: '-iris@account.example' }, ['adminEmail']],
      [{ adminName: '=cmd|calc' }, ['adminName']],
      [{ adminName: 'Iris\u202eNakamura' }, ['adminName']],
      [{ ticket: 'x'.repeat(65) }, ['ticket']],
      [{ name: 'harbour GROUP' }, ['name']],
      [{ adminEmail: ' ADMIN@meridian.example ' }, ['adminEmail']],
      [{ parentId: NO_ID }, ['parent']],
      [{ parentId: 'no id' }, ['parent']],
      [{ parentId: (await clientNamed('Portcullis Platform')).id }, ['parent']],
    ]
    for (const [fields, problems] of cases) {
      const answer = await cast.as(DESK).post('/clients', newAccount(fields))
      assert.equal(answer.status, 422, JSON.stringify(fields))
      assert.deepEqual(fieldsWithProblem(answer), problems)
    }

    const kept = await cast.as(DESK).post('/clients', newAccount({ name: 'A <b>', ticket: '' }))
    assert.match(kept.body, /value="A &lt;b&gt;"/)
    assert.match(kept.body, new RegExp(`value="iris${made}@account.example"`))
    const taken = await cast.as(DESK).post('/clients', newAccount({ adminEmail: FOREIGN_ADMIN }))
    assert.match(taken.body, /A user with this address exists already/)
    assert.doesNotMatch(taken.body, /Meridian Foods|Marta/, 'it does not tell whose it is')
    assert.equal(await app.deps.db.$count(clients), before)
  })

  test('a name may be used below different accounts and not twice below one', async () => {
    const [group, retail] = [await clientNamed('Harbour Group'), await clientNamed('Harbour Retail')]
    const create = (parentId: string, name: string) =>
      cast.as(DESK).post('/clients', newAccount({ name, parentId }))

    assert.equal((await create(group.id, 'Payroll')).status, 303)
    assert.equal((await create(retail.id, 'Payroll')).status, 303)
    assert.equal((await create(retail.id, 'PAYROLL')).status, 422)
  })

  test('the same request twice at the same time creates one account', async () => {
    const form = newAccount({ name: 'Twins' })
    const answers = await Promise.all([1, 2, 3].map(() => cast.as(DESK).post('/clients', form)))

    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 422, 422])
    const sameAddress = await Promise.all(
      ['Left', 'Right'].map((name) =>
        cast.as(DESK).post('/clients', newAccount({ name, adminEmail: 'one@account.example' })),
      ),
    )
    assert.deepEqual(sameAddress.map(({ status }) => status).sort(), [303, 422])
  })

  test('the form creates an account at the top or below the account that it was opened from', async () => {
    const top = await cast.as(DESK).get('/clients/new')
    const below = await cast.as(DESK).get(`/clients/new?parentId=${(await clientNamed('Harbour Retail')).id}`)

    assert.equal(top.status, 200)
    assert.match(top.body, /It sits below no other account/)
    assert.match(below.body, /It sits below Harbour Retail/)
    assert.match((await cast.as(DESK).get('/clients')).body, /href="\/clients\/new"/)
    assert.doesNotMatch((await cast.as(ADMIN).get('/clients')).body, /href="\/clients\/new"/)
  })

  test('creating an account is refused to other users, and that is recorded', async () => {
    for (const email of [ADMIN, CHILD_ADMIN, FOREIGN_ADMIN, USER, OPERATOR]) {
      const before = await app.deps.db.$count(clients)
      const { clientId, id } = await app.userNamed(email)
      assert.equal((await cast.as(email).get('/clients/new')).status, 403, email)
      assert.equal(
        (await cast.as(email).post('/clients', newAccount({ parentId: clientId, presence: codeOf(email) })))
          .status,
        403,
        email,
      )
      assert.equal(await app.deps.db.$count(clients), before)
      const event = await cast.people.lastEvent('client.created', clientId)
      assert.equal(event?.outcome, 'refused')
      assert.equal(event?.actorId, id)
    }
  })
})

/** What proves to be there, should the last proof be too old. */
function codeOf(email: string): string {
  return cast.as(email).secret ? cast.as(email).nextCode() : DEMO_PASSWORD
}

describe('over the hierarchy: renaming, suspending and resuming', () => {
  const rows: [actor: string, account: string, status: number][] = [
    [ADMIN, 'Harbour Group', 403],
    [ADMIN, 'Harbour Retail', 403],
    [ADMIN, 'Harbour Online', 403],
    [ADMIN, 'Meridian Foods', 404],
    [ADMIN, 'Portcullis Platform', 404],
    [CHILD_ADMIN, 'Harbour Group', 404],
    [CHILD_ADMIN, 'Harbour Retail', 403],
    [FOREIGN_ADMIN, 'Harbour Group', 404],
    [USER, 'Harbour Group', 403],
    [USER, 'Harbour Retail', 404],
    [OPERATOR, 'Portcullis Platform', 403],
    [OPERATOR, 'Harbour Group', 404],
    [DESK, 'Portcullis Platform', 403],
  ]
  for (const [actor, account, status] of rows)
    test(`${actor} of ${account} gets ${status} for renaming, suspending and resuming, and nothing changes`, async () => {
      const before = await clientNamed(account)
      for (const act of ['name', 'suspend', 'resume']) {
        const path = await pageOf(account, `/${act}`)
        const form = { ...EVIDENCE, name: 'Mine now', presence: codeOf(actor) }
        assert.equal((await cast.as(actor).get(path)).status, status, act)
        assert.equal((await cast.as(actor).post(path, form)).status, status, act)
      }
      assert.deepEqual(await clientNamed(account), before)
    })

  test('a parent’s attempt is recorded in both accounts, and only the Service Desk sees the buttons', async () => {
    const path = await pageOf('Harbour Retail')
    await cast.as(ADMIN).post(`${path}/suspend`, { ...EVIDENCE, presence: codeOf(ADMIN) })

    for (const name of ['Harbour Group', 'Harbour Retail']) {
      const event = await cast.people.lastEvent('client.suspended', (await clientNamed(name)).id)
      assert.equal(event?.details.refusal, 'clients-by-service-desk', name)
    }
    assert.match((await cast.as(DESK).get(path)).body, /href="[^"]*\/suspend"/)
    assert.doesNotMatch((await cast.as(ADMIN).get(path)).body, /href="[^"]*\/(suspend|name|resume)"/)
    for (const act of ['name', 'suspend', 'resume'])
      assert.equal(
        (await cast.as(DESK).post(`/clients/${NO_ID}/${act}`, { ...EVIDENCE, presence: codeOf(DESK) }))
          .status,
        404,
      )
  })
})

describe('the Service Desk', () => {
  test('the Service Desk renames an account with ticket and reason', async () => {
    const { id } = await clientNamed('Harbour Online')
    const path = `/clients/${id}/name`

    for (const [fields, problems] of [
      [{ ...EVIDENCE, name: '' }, ['name']],
      [{ ...EVIDENCE, name: '\u200b' }, ['name']],
      [{ name: 'Harbour Web', ticket: '', reason: '' }, ['ticket', 'reason']],
      [{ ...EVIDENCE, name: 'Harbour kiosks' }, ['name']],
    ] as [Record<string, string>, string[]][]) {
      const answer = await cast.as(DESK).post(path, fields)
      assert.equal(answer.status, 422)
      assert.deepEqual(fieldsWithProblem(answer), problems)
    }
    const answer = await cast.as(DESK).post(path, { ...EVIDENCE, name: 'Harbour Web' })

    assert.equal(answer.status, 303)
    assert.equal(answer.location, `/clients/${id}`)
    assert.equal((await clientNamed('Harbour Web')).id, id)
    assert.deepEqual((await cast.people.lastEvent('client.renamed', id))?.details, {
      from: 'Harbour Online',
      to: 'Harbour Web',
      ...EVIDENCE,
    })
    await cast.as(DESK).post(path, { ...EVIDENCE, name: 'Harbour Online' })
  })

  test('the Service Desk suspends an account: its sessions end, its users cannot sign in, and the accounts below go on', async () => {
    const { id } = await clientNamed('Harbour Group')
    const halfway = app.browser()
    await halfway.signInWithPassword('admin2@harbour.example')
    assert.equal((await halfway.scanKey()).length > 0, true)
    assert.equal((await cast.as(USER).get('/')).status, 200)

    assert.equal((await cast.as(DESK).post(`/clients/${id}/suspend`, {})).status, 422)
    assert.equal((await cast.as(USER).get('/')).status, 200, 'nothing happened yet')
    const confirm = await cast.as(DESK).get(`/clients/${id}/suspend`)
    assert.match(confirm.body, /Everyone in Harbour Group is signed out at once/)
    const answer = await cast.as(DESK).post(`/clients/${id}/suspend`, EVIDENCE)

    assert.equal(answer.status, 303)
    for (const browser of [cast.as(USER), cast.as(ADMIN), halfway])
      assert.match((await browser.get('/')).location ?? '', /^\/sign-in/)
    assert.equal((await cast.as(CHILD_ADMIN).get('/')).status, 200)
    const again = app.browser()
    assert.equal((await again.signInWithPassword(USER)).status, 401, 'no different from a wrong password')
    assert.equal((await again.get(await cast.people.invitationLink('new.tech@harbour.example'))).status, 410)
    const page = (await cast.as(DESK).get(`/clients/${id}`)).body
    assert.match(page, /Suspended<\/span> since <time/)
    assert.match(page, /Harbour Group is suspended, and everyone in it is signed out/)
    assert.equal((await cast.people.lastEvent('client.suspended', id))?.details.ticket, EVIDENCE.ticket)
    assert.equal((await cast.as(DESK).post(`/clients/${id}/suspend`, EVIDENCE)).status, 409)
    assert.equal((await cast.as(DESK).get(`/clients/${id}/suspend`)).status, 409)
  })

  test('the Service Desk resumes an account: its users sign in again, and no earlier session comes back', async () => {
    const { id } = await clientNamed('Harbour Group')
    // As a sign-in that was under way when it was suspended would leave it behind.
    const { id: userId, sessionEpoch } = await app.userNamed('admin2@harbour.example')
    const late = app.browser()
    await app.deps.db.update(clients).set({ suspendedAt: null }).where(eq(clients.id, id))
    await late.signInWithPassword('admin2@harbour.example')
    await app.deps.db.update(clients).set({ suspendedAt: app.clock.now() }).where(eq(clients.id, id))

    const answer = await cast.as(DESK).post(`/clients/${id}/resume`, EVIDENCE)

    assert.equal(answer.status, 303)
    assert.equal((await late.get('/')).location, '/sign-in')
    assert.equal((await app.userNamed('admin2@harbour.example')).sessionEpoch, sessionEpoch + 1)
    assert.equal(await app.deps.db.$count(sessions, eq(sessions.userId, userId)), 0)
    assert.match((await cast.as(USER).get('/')).location ?? '', /^\/sign-in/)
    await cast.as(USER).signIn(USER)
    assert.equal((await cast.as(USER).get('/')).status, 200)
    assert.equal((await cast.as(USER).get('/mfa/enrol')).location, '/', 'still enrolled')
    assert.equal((await cast.as(DESK).post(`/clients/${id}/resume`, EVIDENCE)).status, 409)
    assert.equal((await cast.people.lastEvent('client.resumed', id))?.outcome, 'success')
    await cast.as(ADMIN).signIn(ADMIN)
  })

  test('suspending an account ends an act that is under way in it', async () => {
    const meridian = await clientNamed('Meridian Foods')
    await cast.as(FOREIGN_ADMIN).signInWithPassword(FOREIGN_ADMIN)
    const [suspended, changed] = await Promise.all([
      cast.as(DESK).post(`/clients/${meridian.id}/suspend`, { ...EVIDENCE, presence: codeOf(DESK) }),
      cast.as(FOREIGN_ADMIN).post('/mfa-policy', { roleGroups: 'tech-operator', presence: DEMO_PASSWORD }),
    ])

    assert.equal(suspended.status, 303)
    // 401: users of a suspended account cannot step up any more.
    assert.ok([303, 401, 409].includes(changed.status), `before it or not at all: ${changed.status}`)
    assert.match((await cast.as(FOREIGN_ADMIN).get('/')).location ?? '', /^\/sign-in/)
    await cast.as(DESK).post(`/clients/${meridian.id}/resume`, { ...EVIDENCE, presence: codeOf(DESK) })
  })
})

describe('the tree of accounts', () => {
  const coverageOf = (html: string, id: string) =>
    new RegExp(`data-client-id="${id}".*?data-coverage>([^<]*)<`, 's').exec(html)?.[1]

  test('the tree of accounts shows how many users each has and how far MFA covers them', async () => {
    const [group, retail] = [await clientNamed('Harbour Group'), await clientNamed('Harbour Retail')]

    const page = await cast.as(ADMIN).get('/clients')
    const own = await cast.as(ADMIN).get(`/clients/${group.id}`)

    // Amara and Theo are enrolled; Lucas (Admin) and Nina (Tech Operator, invited) are required to be.
    assert.equal(coverageOf(page.body, group.id), '6 people, 2 enrolled, 2 required but missing')
    assert.match(own.body, /data-coverage>6 people, 2 enrolled, 2 required but missing/)
    assert.equal(coverageOf(page.body, retail.id), '2 people, 1 enrolled, 1 required but missing')
    assert.equal(coverageOf(own.body, retail.id), '2 people, 1 enrolled, 1 required but missing')
  })

  test('the tree of accounts does not count disabled users, and the platform account requires MFA of all', async () => {
    const platform = await clientNamed('Portcullis Platform')
    const retail = await clientNamed('Harbour Retail')
    const ravi = eq(users.email, 'tech@retail.harbour.example')
    await app.deps.db.update(users).set({ status: 'disabled' }).where(ravi)

    const page = await cast.as(DESK).get('/clients')

    assert.equal(coverageOf(page.body, platform.id), '3 people, 2 enrolled, 1 required but missing')
    assert.equal(coverageOf(page.body, retail.id), '1 person, 1 enrolled, 0 required but missing')
    await app.deps.db.update(users).set({ status: 'active' }).where(ravi)
  })

  test('the tree of accounts counts all users, however many', async () => {
    const form = newAccount({ name: 'Many', presence: codeOf(DESK) })
    await cast.as(DESK).post('/clients', form)
    const { id } = await clientNamed('Many')
    await app.database.sql`
      insert into users (client_id, email, name)
      select ${id}, 'many' || n || '@many.example', 'Person ' || n from generate_series(1, 1000) n`

    const page = await cast.as(DESK).get('/clients?q=Many')
    const exact = await cast.as(DESK).get(`/clients/${id}`)

    // Without a role group MFA is required, too.
    assert.equal(coverageOf(page.body, id), '1,001 people, 0 enrolled, 1,001 required but missing')
    assert.match(exact.body, /data-coverage>1,001 people, 0 enrolled, 1,001 required but missing/)
  })
})
