// Administrators one of whom invited or promoted the other within 30 days do not give each other control back, and
// do not approve for each other.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { readMakers } from '../../src/access/makers.queries.ts'
import { record } from '../../src/platform/audit/record.ts'
import { approvals } from '../../src/platform/db/schema/approvals.ts'
import { lockouts } from '../../src/platform/db/schema/lockouts.ts'
import { memberships } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'
import { DAY, MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { Cast, DESK, DESK2, EVIDENCE, OPERATOR } from '../support/cast.ts'
import type { People } from '../support/people.ts'

const PASSWORD = 'seven green lanterns in fog'

let cast: Cast
let app: TestApp
let people: People
/** An agent whom Daniel (desk) asked for and Deepa (desk2) approved. */
let made: { id: string; email: string; browser: Browser }
before(async () => {
  cast = await Cast.assemble([DESK, DESK2, OPERATOR], [])
  ;({ app, people } = cast)
  made = await hire('service-desk')
})
after(() => app.close())

/** Invites a person into the platform account, has it approved, and activates and enrols them. */
async function hire(roleGroups: string) {
  const { email = '', ...fields } = people.newcomer({ roleGroups })
  assert.equal((await cast.as(DESK).post('/users', { email, ...fields, ...EVIDENCE })).status, 303)
  assert.equal((await cast.decide(DESK2)).status, 303)
  const { id } = await app.userNamed(email)
  const browser = app.browser()
  await browser.post(await people.invitationLink(id), { password: PASSWORD })
  await browser.enrol()
  assert.equal((await browser.verify(browser.nextCode())).location, '/')
  return { id, email, browser }
}

async function lock(userId: string): Promise<void> {
  const now = app.clock.now()
  const inForce = { lockedAt: now, lockedUntil: new Date(now.getTime() + 15 * MINUTE), updatedAt: now }
  await app.deps.db
    .insert(lockouts)
    .values({ subject: userId, kind: 'password', ...inForce })
    .onConflictDoUpdate({ target: [lockouts.subject, lockouts.kind], set: inForce })
}

test('an agent does not reset or unlock the agent who requested her, nor the reverse: 403, recorded', async () => {
  const maker = await app.userNamed(DESK)
  await lock(maker.id)
  await lock(made.id)
  for (const [browser, targetId] of [
    [made.browser, maker.id],
    [cast.as(DESK), made.id],
  ] as const)
    for (const path of ['mfa-reset', 'unlock']) {
      const answer = await browser.post(`/users/${targetId}/${path}`, EVIDENCE)

      assert.equal(answer.status, 403, path)
      assert.match(answer.body, /invited or promoted the other within the last 30 days/)
      assert.equal((await browser.get(`/users/${targetId}/${path}`)).status, 403, 'nor is the page shown')
    }
  await app.deps.db.delete(lockouts)
  const [event] = await people.eventsOf(maker.id, 'mfa-reset.requested')
  assert.deepEqual([event?.outcome, event?.details], ['refused', { refusal: 'invited-or-promoted' }])
  const page = (await made.browser.get(`/users/${maker.id}`)).body
  assert.doesNotMatch(page, /href="[^"]*mfa-reset[?"]/)
  assert.match(page, /invited or promoted the other/)
  assert.match((await made.browser.get(`/users?q=${DESK}`)).body, /invited or promoted the other/)
})

test('the approving agent resets both, and an ordinary user is reset by the person who invited them', async () => {
  const user = await people.add('Meridian Foods', ['tech-operator'])
  await people.enrol(user.id)
  const { id: invitedBy } = await app.userNamed(DESK)
  await app.deps.db
    .update(memberships)
    .set({ grantedBy: invitedBy, grantedAt: app.clock.now() })
    .where(eq(memberships.userId, user.id))
  assert.equal((await cast.as(DESK).post(`/users/${user.id}/mfa-reset`, EVIDENCE)).status, 303)

  assert.equal((await cast.as(DESK2).post(`/users/${made.id}/mfa-reset`, EVIDENCE)).status, 303)
  made.browser.cookies.clear()
  await made.browser.signInWithPassword(made.email, PASSWORD)
  await made.browser.enrol()
  assert.equal((await made.browser.verify(made.browser.nextCode())).location, '/')
})

test('an agent does not enable the disabled agent who made her', async () => {
  const maker = await app.userNamed(DESK)
  await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, maker.id))

  assert.equal((await made.browser.post(`/users/${maker.id}/enable`, EVIDENCE)).status, 403)

  assert.equal((await cast.as(DESK2).post(`/users/${maker.id}/enable`, EVIDENCE)).status, 303)
  assert.equal((await cast.decide(OPERATOR)).status, 303)
  assert.equal((await app.userNamed(DESK)).status, 'active')
})

test('an agent may disable the agent who made her', async () => {
  const { id } = await app.userNamed(DESK)
  assert.equal((await made.browser.post(`/users/${id}/disable`, EVIDENCE)).status, 303)
  await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.id, id))
  await cast.comeBack(DESK)
})

test('no agent approves a request of her maker, of her child or of another child of that maker', async () => {
  const sibling = await hire('service-desk')
  const user = await people.add('Meridian Foods', ['tech-operator'])
  const ask = async (browser: Browser) => {
    await app.deps.db.delete(approvals)
    const fields = { ...EVIDENCE, roleGroups: 'admin' }
    assert.equal((await browser.post(`/users/${user.id}/role-groups`, fields)).status, 303)
    return people.lastApprovalId()
  }
  const approve = (browser: Browser, id: string) => browser.post(`/approvals/${id}`, { decision: 'approve' })
  const family = { maker: cast.as(DESK), made: made.browser, sibling: sibling.browser }

  for (const [asker, browser] of Object.entries(family)) {
    const id = await ask(browser)
    for (const [approver, other] of Object.entries(family)) {
      const answer = await approve(other, id)
      assert.equal(answer.status, 403, `${approver} on what ${asker} asked for`)
      if (approver !== asker) assert.match(answer.body, /Another agent decides/)
    }
    assert.match(
      (await sibling.browser.get('/approvals')).body,
      asker === 'sibling' ? /Your own/ : /For another agent to decide/,
    )
  }
  assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
  assert.equal((await approve(cast.as(DESK2), await people.lastApprovalId())).status, 303)
  assert.deepEqual(await people.roleGroupsOf(user.id), ['admin'])
})

test('a tie outlives the role group that was given: it may be taken away again', async () => {
  const promoted = await people.add('Portcullis Platform', ['operator'])
  const roleGroups = (...keys: string[]) => [
    ...keys.map((key): [string, string] => ['roleGroups', key]),
    ...Object.entries(EVIDENCE),
  ]
  const path = `/users/${promoted.id}/role-groups`
  assert.equal((await cast.as(DESK).post(path, roleGroups('operator', 'service-desk'))).status, 303)
  assert.equal((await cast.decide(DESK2)).status, 303)
  assert.equal((await cast.as(DESK).post(path, roleGroups('operator'))).status, 303)
  assert.deepEqual(await people.roleGroupsOf(promoted.id), ['operator'])

  const makers = await readMakers(app.deps.db, [promoted.id], app.clock.now())

  assert.ok(makers.get(promoted.id)?.has((await app.userNamed(DESK)).id))
  await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, promoted.id))
})

test('where one agent made all others the case falls to the Operator', async () => {
  const desk2 = await app.userNamed(DESK2)
  await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, desk2.id))
  const user = await people.add('Meridian Foods', ['tech-operator'])

  await cast.as(DESK).post(`/users/${user.id}/role-groups`, { ...EVIDENCE, roleGroups: 'admin' })
  assert.match((await cast.as(DESK).get('/approvals')).body, /An Operator approves it instead/)
  assert.equal((await cast.decide(OPERATOR)).status, 303)

  assert.deepEqual(await people.roleGroupsOf(user.id), ['admin'])
  await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.id, desk2.id))
})

test('a tie lasts 30 days, directly and through others', async () => {
  const { id: makerId } = await app.userNamed(DESK)
  const grandchild = await people.add('Portcullis Platform', ['service-desk'])
  await app.deps.db
    .update(memberships)
    .set({ grantedBy: made.id, grantedAt: app.clock.now() })
    .where(eq(memberships.userId, grandchild.id))
  const at = async (later: number) => {
    const now = new Date(app.clock.now().getTime() + later)
    const makers = await readMakers(app.deps.db, [makerId, grandchild.id], now)
    return [...(makers.get(grandchild.id) ?? [])].sort()
  }

  assert.deepEqual(await at(0), [grandchild.id, makerId, made.id].sort())
  assert.deepEqual(await at(29 * DAY), [grandchild.id, makerId, made.id].sort())
  assert.deepEqual(await at(30 * DAY), [grandchild.id])
})

test('an upgraded installation knows who was invited and promoted lately', async () => {
  const [file] = readdirSync(join(PROJECT_ROOT, 'drizzle')).filter((name) =>
    name.endsWith('remember_who_promoted.sql'),
  )
  assert.ok(file)
  const migration = readFileSync(join(PROJECT_ROOT, 'drizzle', file), 'utf8').split(
    '--> statement-breakpoint',
  )
  const { id: desk } = await app.userNamed(DESK)
  const { id: desk2 } = await app.userNamed(DESK2)
  const [promoted, old] = [
    await people.add('Portcullis Platform', ['operator', 'service-desk']),
    await people.add('Portcullis Platform', ['operator', 'service-desk']),
  ]
  const at = (days: number) => new Date(Date.now() - days * DAY)
  await app.deps.db.transaction(async (tx) => {
    for (const [user, days] of [
      [promoted, 29],
      [old, 31],
    ] as const)
      await record(tx, {
        at: at(days),
        action: 'user.role-groups-changed',
        outcome: 'success',
        origin: { address: null, userAgent: null, requestId: null },
        clientId: user.clientId,
        actorId: desk2,
        subjectId: user.id,
        details: { given: 'Service Desk', taken: '' },
      })
  })
  await app.database.sql`
    insert into invitations (user_id, token_hash, invited_by, created_at, expires_at, used_at)
    values (${promoted.id}, 'x', ${desk}, ${at(29.5).toISOString()}, now(), now())`

  await app.database.sql.begin(async (tx) => {
    for (const statement of migration) await tx.unsafe(statement)
  })

  const makersOf = async (userId: string) =>
    (
      await app.database.sql`
        select r.key, m.granted_by from memberships m join role_groups r on r.id = m.role_group_id
        where m.user_id = ${userId} order by r.key`
    ).map((row) => [row.key, row.granted_by])
  assert.deepEqual(await makersOf(promoted.id), [
    ['operator', desk],
    ['service-desk', desk2],
  ])
  assert.deepEqual(await makersOf(old.id), [
    ['operator', null],
    ['service-desk', null],
  ])
})
