// Erasing a person who left: what goes, what stays, and who may do it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { NO_REQUEST } from '../../src/platform/audit/record.ts'
import { sealEvents } from '../../src/platform/audit/seal-events.ts'
import { readHead } from '../../src/platform/audit/seals.queries.ts'
import { verifyChain } from '../../src/platform/audit/verify-chain.ts'
import { applicationUses } from '../../src/platform/db/schema/applications.ts'
import { approvals } from '../../src/platform/db/schema/approvals.ts'
import { invitationImportLines, invitationImports } from '../../src/platform/db/schema/invitation-imports.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { memberships } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY } from '../../src/platform/time/durations.ts'
import { removeHistory } from '../../workers/remove-history.ts'
import { addApplication } from '../support/applications.ts'
import { fieldsWithProblem, problemOf } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, DESK, DESK2 } from '../support/cast.ts'
import { rowsOf } from '../support/database-contents.ts'
import { ExactBrowser } from '../support/exact-browser.ts'
import { findSecrets } from '../support/secret-search.ts'

const NEW_PASSWORD = 'seven green lanterns in fog'
const EVIDENCE = { reason: 'Asked for it by letter', ticket: 'SD-4711' }
const NETWORK_ADDRESS = '203.0.113.77'
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

let cast: Cast
let app: Cast['app']
let people: Cast['people']
before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, CHILD_ADMIN, DESK, DESK2], [], { TRUST_PROXY: 'loopback' })
  ;({ app, people } = cast)
})
after(() => app.close())

let named = 0
/** A user with a name that stands nowhere else. */
async function addNamed(
  account: string,
  keys: readonly string[],
  status: 'active' | 'disabled' = 'disabled',
) {
  named += 1
  const { id } = await people.add(account, keys, status)
  const name = `Zebedee Quixley${'x'.repeat(named)}`
  const email = `zq${named}.quixley@harbour.example`
  await app.deps.db.update(users).set({ name, email }).where(eq(users.id, id))
  return { id, name, email, clientId: await people.clientId(account) }
}

const form = ({ email }: { email: string }) => ({ ...EVIDENCE, typedAddress: email })

const findings = async (name: string, email: string, surname = name) =>
  findSecrets(
    [
      { name: 'name', value: name },
      { name: 'surname', value: surname },
      { name: 'e-mail address', value: email },
      { name: 'network address', value: NETWORK_ADDRESS },
      { name: 'browser', value: PHONE },
    ],
    await rowsOf(app.deps.sql),
  )

const sealAll = () =>
  sealEvents(app.deps.db, {
    keys: app.deps.config.AUDIT_KEYS ?? [],
    now: app.clock.now(),
    atMost: 1_000_000,
  })

describe('erasing a person who left', () => {
  test('of a person with a history only the network addresses and browsers of audit events remain, and the count of tries from an address', async () => {
    const { db } = app.deps
    const person = await addNamed('Harbour Group', ['tech-operator'], 'active')
    const { id, name, email, clientId } = person
    const theirs = { 'x-forwarded-for': NETWORK_ADDRESS, 'user-agent': PHONE }
    const former = { name: 'Zebulon Quixley-Former' }
    await cast.as(ADMIN).post(`/users/${id}/profile`, former)
    await cast.as(ADMIN).post(`/users/${id}/profile`, { name })
    const phone = new ExactBrowser(app.origin, app.clock, theirs)
    await phone.enrolAndSignIn(email)
    await phone.get('/account')
    const forgetful = new ExactBrowser(app.origin, app.clock, theirs)
    await forgetful.post('/forgot-password', { email })
    for (let wrong = 0; wrong < 5; wrong += 1) await forgetful.signInWithPassword(email, `wrong ${wrong}`)
    assert.equal((await cast.reset(ADMIN, email)).status, 303)
    await phone.enrolAndSignIn(email).catch(() => null)
    const { id: applicationId } = await addApplication(db, { name: 'Ledger' })
    const now = app.clock.now()
    await db.insert(applicationUses).values({ applicationId, userId: id, firstUsedAt: now, lastUsedAt: now })
    const [draft] = await db
      .insert(invitationImports)
      .values({ clientId, importedBy: (await app.userNamed(ADMIN2)).id, createdAt: now })
      .returning()
    assert.ok(draft)
    const line = { importId: draft.id, line: 2, name, roleGroups: 'tech-operator' }
    await db.insert(invitationImportLines).values({ ...line, email: ` ${email.toUpperCase()} ` })
    const [mail] = await db.select().from(notifications).where(eq(notifications.recipientId, id)).limit(1)
    await db
      .update(outbox)
      .set({ failedAt: now, failure: `550 <${email}>: no such mailbox` })
      .where(eq(outbox.payload, { notificationId: mail?.id ?? '' }))
    assert.equal((await cast.as(ADMIN).post(`/users/${id}/disable`, EVIDENCE)).status, 303)
    const found = await findings(name, email, 'Quixley')
    for (const place of ['users', 'audit_personal', 'invitation_import_lines', 'outbox', 'audit_events'])
      assert.ok(
        found.some((finding) => finding.includes(`public.${place},`)),
        `before: ${place}`,
      )
    const events = await people.eventsOf(id, 'sign-in.password')
    await sealAll()
    const head = await readHead(db)
    assert.ok(head)

    const answer = await cast.as(ADMIN).post(`/users/${id}/erase`, form(person))

    assert.deepEqual([answer.status, answer.location], [303, '/users'])
    await sealAll()
    const remaining = (await findings(name, email, 'Quixley')).map((finding) => finding.split(',')[0])
    assert.deepEqual([...new Set(remaining)].sort(), [
      'browser in public.audit_events',
      // Until it expires.
      'network address in public.address_limits',
      'network address in public.audit_events',
    ])
    const report = await verifyChain(db, { keys: app.deps.config.AUDIT_KEYS ?? [], pins: [head] }, () => {})
    assert.equal(report.broken, null)
    assert.equal(report.unsealed, 0)
    assert.deepEqual(await people.eventsOf(id, 'sign-in.password'), events, 'no event was changed')
    assert.deepEqual((await people.eventsOf(id, 'user.erased'))[0]?.details, {
      channel: 'admin',
      reason: EVIDENCE.reason,
    })
    const row = await people.byId(id)
    assert.equal(row.name, `Former user ${id.slice(-4).toUpperCase()}`)
    assert.deepEqual([row.status, row.passwordHash], ['withdrawn', null])
    const audit = (await cast.as(ADMIN).get('/audit')).body
    assert.match(audit, new RegExp(`Amara Okafor erased the personal data of ${row.name}\\.`))
    assert.match(audit, new RegExp(`Amara Okafor disabled the account of ${row.name}\\.`))
    assert.match((await cast.as(ADMIN).get('/users')).body, /The person is erased, and their address is free/)
    assert.equal((await cast.as(ADMIN).get(`/users/${id}`)).status, 404)
    assert.equal((await phone.get('/')).location?.split('?')[0], '/sign-in')
  })

  test('of a person whose address was changed, and who was to get another one, no address remains', async () => {
    const { db } = app.deps
    const person = await addNamed('Harbour Group', ['finance-operator'], 'active')
    const { id, name, email: former } = person
    const [present, waiting, kept] = ['present', 'waiting', 'kept'].map((word) => `${word}.zq@moved.example`)
    assert.ok(present && waiting && kept)
    const rename = (email: string) => cast.as(ADMIN).post(`/users/${id}/profile`, { email })
    const confirm = async () => app.browser().post(await people.emailChangeLink(id))
    for (const email of [kept, present]) {
      await rename(email)
      assert.equal((await confirm()).status, 303)
    }
    await rename(waiting)
    const now = app.clock.now()
    const [draft] = await db
      .insert(invitationImports)
      .values({ clientId: person.clientId, importedBy: (await app.userNamed(ADMIN2)).id, createdAt: now })
      .returning()
    assert.ok(draft)
    const line = { importId: draft.id, line: 2, name, roleGroups: 'tech-operator', email: former }
    await db.insert(invitationImportLines).values(line)
    const invitation = {
      kind: 'invitation' as const,
      clientId: person.clientId,
      held: [],
      given: ['admin'],
      taken: [],
      requestedBy: (await app.userNamed(DESK)).id,
      requestedAt: now,
      expiresAt: now,
      ticket: 'T-1',
      reason: 'Because',
      origin: NO_REQUEST,
    }
    const refused = { status: 'refused', decidedBy: (await app.userNamed(DESK2)).id, decidedAt: now } as const
    // The case that is open invites another person at an address that this one has left.
    await db.insert(approvals).values([
      { ...invitation, ...refused, name, email: former },
      { ...invitation, name: 'Nora Newcomer', email: kept },
    ])
    await cast.as(ADMIN).post(`/users/${id}/disable`, EVIDENCE)
    const addresses = { former, present, waiting, kept }
    const remaining = async () => {
      const secrets = Object.entries(addresses).map(([name, value]) => ({ name, value }))
      const found = findSecrets(secrets, await rowsOf(app.deps.sql))
      return [...new Set(found.map((finding) => finding.split(',')[0]))].sort()
    }
    const before = await remaining()
    for (const place of ['former in public.email_changes', 'waiting in public.email_changes'])
      assert.ok(before.includes(place), place)
    for (const place of ['former', 'present', 'waiting'])
      assert.ok(before.includes(`${place} in public.audit_personal`), place)
    assert.ok(!before.some((place) => place?.endsWith('audit_events')), 'no sealed event has an address')

    const answer = await cast.as(ADMIN).post(`/users/${id}/erase`, form({ email: present }))

    assert.deepEqual([answer.status, answer.location], [303, '/users'])
    assert.deepEqual(await remaining(), ['kept in public.approvals'])
    const log = (await cast.as(ADMIN).get('/audit')).body
    assert.match(
      log,
      new RegExp(`The e-mail address of Former user ${id.slice(-4).toUpperCase()} was changed\\.`),
    )
  })

  test('the address can be invited again, and the new person has nothing of the old one', async () => {
    const person = await addNamed('Harbour Group', ['tech-operator'], 'active')
    const old = app.browser()
    await old.enrolAndSignIn(person.email)
    await old.post('/sign-out')
    await app.browser().post('/forgot-password', { email: person.email })
    const oldLink = await people.passwordResetLink(person.email)
    await cast.as(ADMIN).post(`/users/${person.id}/disable`, EVIDENCE)
    await cast.as(ADMIN).post(`/users/${person.id}/erase`, form(person))

    const invitation = { email: person.email, name: 'Nora Newcomer', roleGroups: 'finance-operator' }
    assert.equal((await cast.as(CHILD_ADMIN).post('/users', invitation)).status, 303)

    const { id } = await app.userNamed(person.email)
    assert.notEqual(id, person.id)
    assert.deepEqual(await people.roleGroupsOf(id), ['finance-operator'])
    const page = (await cast.as(CHILD_ADMIN).get(`/users/${id}`)).body
    assert.doesNotMatch(page, /Quixley|Active since|Active from/)
    assert.equal((await app.browser().get(oldLink)).status, 410)
    const browser = app.browser()
    assert.equal((await browser.signInWithPassword(person.email)).status, 401, 'the old password is gone')
    const link = await people.invitationLink(id)
    assert.equal((await browser.post(link, { password: NEW_PASSWORD })).location, '/')
    assert.match((await browser.get('/account')).body, /Not set up/)
  })

  test('of two erasures at once one takes effect, in each of 5 rounds', async () => {
    for (let round = 0; round < 5; round += 1) {
      const person = await addNamed('Harbour Group', ['finance-operator'])

      const answers = await Promise.all(
        [ADMIN, ADMIN2, ADMIN].map((email) => cast.as(email).post(`/users/${person.id}/erase`, form(person))),
      )

      assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 404, 404], `round ${round}`)
      const done = (await people.eventsOf(person.id, 'user.erased')).filter(
        ({ outcome }) => outcome === 'success',
      )
      assert.equal(done.length, 1)
    }
  })
})

describe('what an erasure asks for', () => {
  test('the page says what goes and what stays, and the button stands only on the page of a disabled user', async () => {
    const disabled = await addNamed('Harbour Group', ['finance-operator'])
    const active = await addNamed('Harbour Group', ['finance-operator'], 'active')
    const link = ({ id }: { id: string }) => new RegExp(`href="/users/${id}/erase[?"]`)

    const { status, body } = await cast.as(ADMIN).get(`/users/${disabled.id}/erase`)

    assert.equal(status, 200)
    assert.match(body, /What goes.*What stays.*The audit log, whole/s)
    assert.match((await cast.as(ADMIN).get(`/users/${disabled.id}`)).body, link(disabled))
    assert.doesNotMatch((await cast.as(ADMIN).get(`/users/${active.id}`)).body, link(active))
    assert.equal((await cast.as(ADMIN).post(`/users/${active.id}/erase`, form(active))).status, 409)
    assert.equal((await people.byId(active.id)).name, active.name)
  })

  test('without the right address, without a reason, or with the name in the reason nothing is erased', async () => {
    const person = await addNamed('Harbour Group', ['finance-operator'])
    const wrong = [
      [{ ...form(person), typedAddress: 'zq@harbour.example' }, 'typedAddress'],
      [{ ...form(person), typedAddress: '' }, 'typedAddress'],
      [{ ...form(person), reason: '' }, 'reason'],
      [{ ...form(person), reason: `Letter of ${person.name.toUpperCase()}` }, 'reason'],
      [{ ...form(person), reason: `Letter from ${person.email}` }, 'reason'],
      [
        { ...form(person), reason: `Letter of Mr ${person.name.split(' ').toReversed().join(', ')}` },
        'reason',
      ],
    ] as const
    for (const [fields, field] of wrong) {
      const answer = await cast.as(ADMIN).post(`/users/${person.id}/erase`, fields)

      assert.equal(answer.status, 422)
      assert.deepEqual(fieldsWithProblem(answer), [field])
      assert.notEqual(problemOf(answer, field), '')
    }
    assert.equal((await people.byId(person.id)).name, person.name)
    const typed = { ...form(person), typedAddress: ` ${person.email.toUpperCase()} ` }
    assert.equal((await cast.as(ADMIN).post(`/users/${person.id}/erase`, typed)).status, 303)
  })
})

describe('erasing an administrator', () => {
  test('an Admin is erased once a second agent has approved it, and another Admin cannot do it', async () => {
    const person = await addNamed('Harbour Group', ['admin', 'tech-operator'])
    const { id, name, email } = person
    const path = `/users/${id}/erase`
    assert.equal((await cast.as(ADMIN).post(path, form(person))).status, 403)
    assert.match((await cast.as(DESK).get(path)).body, /until a second agent has approved it/)

    const asked = await cast.as(DESK).post(path, form(person))

    assert.deepEqual([asked.status, asked.location], [303, `/users/${id}`])
    assert.equal((await people.byId(id)).name, name, 'not yet')
    assert.match((await cast.as(DESK).get(`/users/${id}`)).body, /to erase this person/)
    const approvalId = await people.lastApprovalId()
    assert.match((await cast.as(DESK2).get(`/approvals/${approvalId}`)).body, new RegExp(`Erase ${name}`))
    assert.equal((await cast.as(DESK).post(`/approvals/${approvalId}`, { decision: 'approve' })).status, 403)
    assert.equal((await cast.as(DESK).post(path, form(person))).status, 409, 'one case at a time')

    assert.equal((await cast.as(DESK2).post(`/approvals/${approvalId}`, { decision: 'approve' })).status, 303)

    const pseudonym = `Former user ${id.slice(-4).toUpperCase()}`
    assert.equal((await people.byId(id)).name, pseudonym)
    const [event] = await people.eventsOf(id, 'user.erased')
    assert.equal(event?.actorId, (await app.userNamed(DESK)).id)
    assert.equal(event?.details.approverId, (await app.userNamed(DESK2)).id)
    const found = (await findings(name, email)).filter((finding) => /^(name|e-mail)/.test(finding))
    assert.deepEqual(found, [])
    const page = (await cast.as(DESK2).get(`/approvals/${approvalId}`)).body
    assert.match(page, new RegExp(`Erase ${pseudonym}`))
    assert.doesNotMatch(page, new RegExp(`href="/users/${id}"`))
    const log = (await cast.as(ADMIN).get('/audit?action=user.erased')).body
    assert.match(log, /Approved by<\/dt>\s*<dd>Deepa Raman/)
  })

  test('the second agent gives a reason without the name as well', async () => {
    const person = await addNamed('Harbour Group', ['admin'])
    await cast.as(DESK).post(`/users/${person.id}/erase`, form(person))

    const answer = await cast.decide(DESK2, { decision: 'approve', reason: `Called ${person.name}` })

    assert.equal(answer.status, 422)
    assert.match(problemOf(answer, 'reason'), /without the name/)
    assert.equal((await people.byId(person.id)).name, person.name)
    assert.equal((await cast.decide(DESK2)).status, 303)
  })

  test('an agent who takes the role group of an Admin still cannot erase them alone', async () => {
    const person = await addNamed('Harbour Group', ['admin'])
    const taken = { roleGroups: 'tech-operator', ticket: 'T-1', reason: 'Left' }
    assert.equal((await cast.as(DESK).post(`/users/${person.id}/role-groups`, taken)).status, 303)

    assert.equal((await cast.as(ADMIN).post(`/users/${person.id}/erase`, form(person))).status, 403)
    await cast.as(DESK).post(`/users/${person.id}/erase`, form(person))

    assert.equal((await people.byId(person.id)).name, person.name, 'not yet')
    assert.equal((await cast.decide(DESK2)).status, 303)
    assert.notEqual((await people.byId(person.id)).name, person.name)
  })

  test('a refused erasure erases nothing, and an approved one nothing if the user was enabled meanwhile', async () => {
    const person = await addNamed('Harbour Group', ['admin'])
    await cast.as(DESK).post(`/users/${person.id}/erase`, form(person))
    await cast.decide(DESK2, { decision: 'refuse', reason: 'The letter was forged' })
    assert.equal((await people.byId(person.id)).name, person.name)
    await cast.as(DESK).post(`/users/${person.id}/erase`, form(person))
    await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.id, person.id))

    const answer = await cast.decide(DESK2)

    assert.equal(answer.status, 409)
    assert.equal((await people.byId(person.id)).name, person.name)
    assert.deepEqual(await people.eventsOf(person.id, 'user.erased'), [])
  })

  test('who made an administrator still follows after the one between them is erased', async () => {
    const { db } = app.deps
    const maker = await addNamed('Portcullis Platform', ['operator'])
    const now = app.clock.now()
    await db.insert(approvals).values({
      id: uuidv7(),
      kind: 'role-groups',
      status: 'approved',
      clientId: maker.clientId,
      userId: maker.id,
      email: maker.email,
      name: maker.name,
      held: [],
      given: ['operator'],
      taken: [],
      requestedBy: (await app.userNamed(DESK)).id,
      requestedAt: now,
      expiresAt: now,
      ticket: 'T-1',
      reason: 'Because',
      origin: NO_REQUEST,
      decidedBy: (await app.userNamed(DESK2)).id,
      decidedAt: now,
    })
    const made = await people.add('Portcullis Platform', ['operator'])
    await people.enrol(made.id)
    await db
      .update(memberships)
      .set({ grantedBy: maker.id, grantedAt: now })
      .where(eq(memberships.userId, made.id))
    await cast.as(DESK).post(`/users/${maker.id}/erase`, form(maker))
    assert.equal((await cast.decide(DESK2)).status, 303)

    const answer = await cast.reset(DESK, made.email)

    assert.equal(answer.status, 403)
    assert.match(answer.body, /invited or promoted the other within the last 30 days/)
  })
})

test('the name and the address of a withdrawn invitation stand in the audit log for 30 days', async () => {
  const fields = people.newcomer({ name: 'Wilma Withdrawn-Early', email: 'wilma.early@harbour.example' })
  const email = fields.email ?? ''
  await cast.as(ADMIN).post('/users', fields)
  const { id } = await app.userNamed(email)
  await cast.as(ADMIN).post(`/users/${id}/invitation/withdraw`)
  const log = async () => (await cast.as(ADMIN).get('/audit?action=invitation.withdrawn')).body
  assert.match(await log(), /withdrew the invitation of Wilma Withdrawn-Early\..*wilma\.early@harbour/s)

  app.clock.advance(29 * DAY)
  await removeHistory(app.deps)
  assert.equal((await people.byId(id)).name, 'Wilma Withdrawn-Early', 'not yet')
  app.clock.advance(2 * DAY)
  await removeHistory(app.deps)

  await cast.comeBack(ADMIN)
  assert.match(await log(), new RegExp(`the invitation of Former user ${id.slice(-4).toUpperCase()}\\.`))
  const found = (await findings('Wilma Withdrawn-Early', email)).filter((finding) =>
    /^(name|e-mail)/.test(finding),
  )
  assert.deepEqual(found, [])
})
