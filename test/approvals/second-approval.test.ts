// Role groups that administer take effect only once a second agent has approved them.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { expireApproval } from '../../src/access/expire-approval.ts'
import { approvals } from '../../src/platform/db/schema/approvals.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { memberships } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { DAY, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { sweepExpired } from '../../workers/sweep-expired.ts'
import type { TestApp } from '../support/app.ts'
import { problemOf } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, DESK, DESK2, OPERATOR, TECH } from '../support/cast.ts'
import type { People } from '../support/people.ts'
import { handleOf } from '../support/session-handle.ts'

const EVIDENCE = { reason: 'Asked for in person', ticket: 'SD-4711' }
const REFUSE = { decision: 'refuse', reason: 'I know of no such hire' }

let cast: Cast
let app: TestApp
let people: People
before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, TECH, CHILD_ADMIN, DESK, DESK2, OPERATOR], [])
  ;({ app, people } = cast)
})
after(() => app.close())
beforeEach(async () => {
  await app.deps.db.delete(approvals)
})

/** An agent asks that a user holds these role groups; returns the case. */
async function ask(userId: string, ...keys: string[]): Promise<string> {
  const answer = await give(DESK, userId, ...keys)
  assert.deepEqual([answer.status, answer.location], [303, `/users/${userId}`])
  return people.lastApprovalId()
}

function give(actor: string, userId: string, ...keys: string[]) {
  const roleGroups = keys.map((key): [string, string] => ['roleGroups', key])
  return cast.as(actor).post(`/users/${userId}/role-groups`, [...roleGroups, ...Object.entries(EVIDENCE)])
}

async function invite(account: string, roleGroups: string, fields: Record<string, string> = {}) {
  const clientId = await people.clientId(account)
  const newcomer = people.newcomer({ roleGroups, clientId, ...fields })
  const answer = await cast.as(DESK).post('/users', { ...newcomer, ...EVIDENCE })
  return { answer, email: newcomer.email ?? '' }
}

async function caseOf(approvalId: string) {
  const [row] = await app.deps.db.select().from(approvals).where(eq(approvals.id, approvalId))
  assert.ok(row)
  return row
}

/** The addresses of those who have a mail of this kind about an event. */
async function mailedAbout(eventId: string | undefined, kind: string): Promise<string[]> {
  const rows = await app.deps.db
    .select({ email: users.email })
    .from(notifications)
    .innerJoin(users, eq(users.id, notifications.recipientId))
    .where(and(eq(notifications.eventId, eventId ?? ''), eq(notifications.kind, kind)))
  return rows.map(({ email }) => email).sort()
}

async function setStatus(email: string, status: 'active' | 'disabled'): Promise<void> {
  await app.deps.db.update(users).set({ status }).where(eq(users.email, email))
}

/** While these people are disabled. */
async function without(emails: string[], work: () => Promise<void>): Promise<void> {
  for (const email of emails) await setStatus(email, 'disabled')
  try {
    await work()
  } finally {
    for (const email of emails) await setStatus(email, 'active')
  }
}

describe('changes that need a second agent', () => {
  test('a new Admin of an account in use takes effect only once it is approved, and then completely', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])

    const approvalId = await ask(user.id, 'admin', 'finance-operator')

    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    assert.deepEqual(await people.eventsOf(user.id, 'user.role-groups-changed'), [])
    assert.match((await cast.as(DESK).get(`/users/${user.id}`)).body, /Waiting for a second agent/)
    const [requested] = await people.eventsOf(user.id, 'approval.requested')
    assert.equal(requested?.actorId, (await app.userNamed(DESK)).id)
    assert.equal(requested?.clientId, user.clientId)
    assert.deepEqual(await mailedAbout(requested?.id, 'approval-requested'), [DESK2])

    const answer = await cast.as(DESK2).post(`/approvals/${approvalId}`, { decision: 'approve' })

    assert.deepEqual([answer.status, answer.location], [303, '/approvals'])
    assert.deepEqual(await people.roleGroupsOf(user.id), ['admin', 'finance-operator'])
    const [changed] = await people.eventsOf(user.id, 'user.role-groups-changed')
    assert.equal(changed?.actorId, (await app.userNamed(DESK)).id)
    assert.deepEqual(changed?.details, {
      given: 'Admin, Finance Operator',
      taken: 'Tech Operator',
      channel: 'service-desk',
      ...EVIDENCE,
      approvalId,
      approverId: (await app.userNamed(DESK2)).id,
    })
    assert.deepEqual(await mailedAbout(changed?.id, 'role-groups-changed'), [user.email])
    assert.deepEqual(await mailedAbout(changed?.id, 'administrators-changed'), [ADMIN2, ADMIN])
    const [approved] = await people.eventsOf(user.id, 'approval.approved')
    assert.equal(approved?.actorId, (await app.userNamed(DESK2)).id)
    assert.deepEqual(await mailedAbout(approved?.id, 'approval-decided'), [DESK])
    const [held] = await app.deps.db.select().from(memberships).where(eq(memberships.userId, user.id))
    assert.equal(held?.grantedBy, (await app.userNamed(DESK)).id)
  })

  test('every role group of the platform account needs approval, for an agent and for an invitation', async () => {
    const operator = await people.add('Portcullis Platform', ['operator'])
    await ask(operator.id, 'operator', 'service-desk')
    assert.deepEqual(await people.roleGroupsOf(operator.id), ['operator'])

    const { answer, email } = await invite('Portcullis Platform', 'service-desk')
    const approvalId = await people.lastApprovalId()

    assert.equal(answer.location, `/approvals/${approvalId}`)
    assert.match((await cast.as(DESK).get(`/approvals/${approvalId}`)).body, /Waiting for a second agent/)
    assert.equal(await app.deps.db.$count(users, eq(users.email, email)), 0)
    assert.equal((await cast.decide(DESK2)).status, 303)
    const invited = await app.userNamed(email)
    assert.deepEqual([invited.status, await people.roleGroupsOf(invited.id)], ['invited', ['service-desk']])
    assert.equal((await people.invitationsOf(invited.id))[0]?.invitedBy, (await app.userNamed(DESK)).id)
    const [sent] = await people.eventsOf(email, 'invitation.sent')
    assert.deepEqual(await mailedAbout(sent?.id, 'invitation'), [email])
    assert.deepEqual(
      await mailedAbout(sent?.id, 'administrators-changed'),
      [DESK2, DESK, OPERATOR, operator.email].sort(),
    )
    assert.equal((await caseOf(approvalId)).userId, invited.id)
    await setStatus(operator.email, 'disabled')
  })

  test('the first Admin, who is invited with a new account, needs no approval, and every later one does, also after the first was withdrawn', async () => {
    const created = await cast.as(DESK).post('/clients', {
      name: 'Brand New',
      adminName: 'First Admin',
      adminEmail: 'first@brand.example',
      ...EVIDENCE,
    })
    assert.equal(created.status, 303)
    const first = await app.userNamed('first@brand.example')
    assert.deepEqual(await people.roleGroupsOf(first.id), ['admin'])
    const second = people.newcomer({ roleGroups: 'admin', clientId: first.clientId, ...EVIDENCE })

    assert.match((await cast.as(DESK).post('/users', second)).location ?? '', /^\/approvals\//)
    await setStatus(first.email, 'disabled')
    const third = people.newcomer({ roleGroups: 'admin', clientId: first.clientId, ...EVIDENCE })
    assert.match((await cast.as(DESK).post('/users', third)).location ?? '', /^\/approvals\//)

    await app.deps.db.update(users).set({ status: 'invited' }).where(eq(users.id, first.id))
    await cast.as(DESK).post(`/users/${first.id}/invitation/withdraw`, EVIDENCE)
    const again = people.newcomer({ roleGroups: 'admin', clientId: first.clientId, ...EVIDENCE })
    assert.match((await cast.as(DESK).post('/users', again)).location ?? '', /^\/approvals\//)
  })

  test('one agent cannot disable the Admins of an account and fill it with others', async () => {
    const clientId = await people.clientId('Harbour Online')
    const only = await app.userNamed('admin@online.harbour.example')
    assert.equal((await cast.as(DESK).post(`/users/${only.id}/disable`, EVIDENCE)).status, 303)
    assert.match((await invite('Harbour Online', 'admin')).answer.location ?? '', /^\/approvals\//)
    assert.equal((await cast.as(DESK).post(`/users/${only.id}/enable`, EVIDENCE)).status, 303)
    assert.equal((await app.userNamed(only.email)).status, 'active', 'a disabling is taken back within a day')

    assert.equal((await give(DESK, only.id, 'tech-operator')).status, 303)
    assert.deepEqual(
      await people.roleGroupsOf(only.id),
      ['tech-operator'],
      'taking away takes effect at once',
    )
    assert.match((await invite('Harbour Online', 'admin')).answer.location ?? '', /^\/approvals\//)
    await ask(only.id, 'admin')
    assert.deepEqual(await people.roleGroupsOf(only.id), ['tech-operator'])
    await cast.decide(DESK2)
    assert.deepEqual(await people.roleGroupsOf(only.id), ['admin'])
    assert.equal(
      await app.deps.db.$count(users, and(eq(users.clientId, clientId), eq(users.status, 'invited'))),
      0,
    )
  })

  test('an agent who was disabled more than a day ago is enabled when a second agent has approved it', async () => {
    const agent = await people.add('Portcullis Platform', ['service-desk'], 'disabled')

    const answer = await cast.as(DESK).post(`/users/${agent.id}/enable`, EVIDENCE)

    assert.deepEqual([answer.status, answer.location], [303, `/users/${agent.id}`])
    assert.match((await cast.as(DESK).get(`/users/${agent.id}`)).body, /Waiting for a second agent/)
    assert.equal((await people.byId(agent.id)).status, 'disabled')
    assert.match(
      (await cast.as(DESK2).get(`/approvals/${await people.lastApprovalId()}`)).body,
      /is disabled/,
    )

    assert.equal((await cast.decide(DESK2)).status, 303)

    assert.equal((await people.byId(agent.id)).status, 'active')
    const [enabled] = await people.eventsOf(agent.id, 'user.enabled')
    assert.equal(enabled?.actorId, (await app.userNamed(DESK)).id)
    assert.equal(enabled?.details.approverId, (await app.userNamed(DESK2)).id)
    await setStatus(agent.email, 'disabled')
  })

  test('sending an expired invitation of an administrator again is refused once the account is in use', async () => {
    const invited = await people.add('Harbour Retail', ['admin'], 'invited')
    await app.database.sql`
      insert into invitations (user_id, token_hash, created_at, expires_at)
      values (${invited.id}, ${Buffer.from(invited.id)}, now(), ${app.clock.now().toISOString()})`

    const answer = await cast.as(DESK).post(`/users/${invited.id}/invitation`, EVIDENCE)

    assert.equal(answer.status, 409)
    assert.match(answer.body, /Withdraw it and invite the person again/)
    assert.deepEqual((await people.eventsOf(invited.id, 'invitation.resent'))[0]?.details, {
      refusal: 'invite-again',
    })
  })

  test('an agent asks for 30 approvals within an hour at most', async () => {
    for (let number = 0; number < 30; number += 1) await invite('Harbour Group', 'admin')

    const { answer } = await invite('Harbour Group', 'admin')

    assert.equal(answer.status, 429)
    assert.equal(await app.deps.db.$count(approvals), 30)
  })

  test('a role group that administers nothing is given immediately, and no case is opened', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])

    await give(DESK, user.id, 'finance-manager')

    assert.deepEqual(await people.roleGroupsOf(user.id), ['finance-manager'])
    assert.equal(await app.deps.db.$count(approvals), 0)
  })

  test('one person has one waiting request at a time, also of 10 at once, and a taken address opens none', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const answers = await Promise.all(Array.from({ length: 10 }, () => give(DESK, user.id, 'admin')))

    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(answers.filter(({ status }) => status === 409).length, 9)
    assert.equal(await app.deps.db.$count(approvals), 1)

    const taken = await invite('Meridian Foods', 'admin', { email: user.email })
    assert.equal(taken.answer.status, 422)
    assert.match(problemOf(taken.answer, 'email'), /exists already/)
    const email = 'one.address@harbour.example'
    await invite('Meridian Foods', 'admin', { email })
    assert.equal((await invite('Harbour Group', 'admin', { email })).answer.status, 409)
    assert.equal(await app.deps.db.$count(approvals), 2)
  })

  test('a disabled user must be enabled before a role group is requested', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'], 'disabled')

    const answer = await give(DESK, user.id, 'admin')

    assert.equal(answer.status, 409)
    assert.match(answer.body, /Enable it before/)
  })
})

describe('the decider', () => {
  test('neither the agent who asked nor the person concerned decides: 403 with a sentence, recorded, and nothing is given', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const approvalId = await ask(user.id, 'admin')
    for (const form of [{ decision: 'approve' }, REFUSE]) {
      const answer = await cast.as(DESK).post(`/approvals/${approvalId}`, form)
      assert.equal(answer.status, 403)
      assert.match(answer.body, /You asked for this yourself/)
    }
    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    const event = await people.lastEvent('approval.approved')
    assert.deepEqual([event?.outcome, event?.details], ['refused', { refusal: 'own-request' }])

    const { id } = await app.userNamed(DESK2)
    const about = await ask(id, 'service-desk', 'operator')
    const page = await cast.as(DESK2).post(`/approvals/${about}`, { decision: 'approve' })
    assert.equal(page.status, 403)
    assert.match(page.body, /about your own role groups/)
    assert.deepEqual(await people.roleGroupsOf(id), ['service-desk'])
  })

  test('the approvals page exists only for agents, and for Operators it is empty while agents decide', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const approvalId = await ask(user.id, 'admin')
    for (const email of [ADMIN, TECH]) {
      assert.equal((await cast.as(email).get('/approvals')).status, 404)
      assert.equal((await cast.as(email).get(`/approvals/${approvalId}`)).status, 404)
      assert.equal(
        (await cast.as(email).post(`/approvals/${approvalId}`, { decision: 'approve' })).status,
        404,
      )
      assert.equal((await cast.as(email).post(`/approvals/${approvalId}/withdraw`)).status, 404)
    }
    const page = await cast.as(OPERATOR).get('/approvals')
    assert.equal(page.status, 200)
    assert.match(page.body, /No request falls to Operators/)
    assert.doesNotMatch(page.body, new RegExp(user.name))
    assert.doesNotMatch((await cast.as(OPERATOR).get('/account')).body, /href="\/approvals"/)
    assert.equal((await cast.as(OPERATOR).get(`/approvals/${approvalId}`)).status, 404)
    assert.equal(
      (await cast.as(OPERATOR).post(`/approvals/${approvalId}`, { decision: 'approve' })).status,
      404,
    )
    assert.equal((await caseOf(approvalId)).status, 'open')
    assert.equal((await app.browser().get('/approvals')).location, '/sign-in?next=%2Fapprovals')
    assert.equal((await cast.as(DESK2).get('/approvals/no-id')).status, 404)
  })

  test('where no second agent is active an Operator other than the person concerned decides', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    await without([DESK2], async () => {
      const approvalId = await ask(user.id, 'admin')
      const [requested] = await people.eventsOf(user.id, 'approval.requested')
      assert.deepEqual(await mailedAbout(requested?.id, 'approval-requested'), [OPERATOR])
      assert.match((await cast.as(DESK).get('/approvals')).body, /An Operator approves it instead/)
      assert.match((await cast.as(OPERATOR).get('/account')).body, /href="\/approvals"/)
      assert.match((await cast.as(OPERATOR).get('/approvals')).body, new RegExp(user.name))

      assert.equal((await cast.decide(OPERATOR)).status, 303)

      assert.deepEqual(await people.roleGroupsOf(user.id), ['admin'])
      assert.equal((await caseOf(approvalId)).decidedBy, (await app.userNamed(OPERATOR)).id)
    })
  })

  test('where neither a second agent nor an Operator is active, nothing is requested or given, and the page says so', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const [operators] = [
      await app.deps.db
        .select()
        .from(users)
        .where(eq(users.clientId, await people.clientId('Portcullis Platform'))),
    ]
    const others = operators.filter(({ email, status }) => email !== DESK && status === 'active')
    await without(
      others.map(({ email }) => email),
      async () => {
        const answer = await give(DESK, user.id, 'admin')
        assert.equal(answer.status, 409)
        assert.match(answer.body, /no other agent and no Operator/)
        assert.match((await cast.as(DESK).get('/approvals')).body, /cannot be given.*npm run create-platform/)
      },
    )
    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    assert.equal(await app.deps.db.$count(approvals), 0)
    const [event] = await people.eventsOf(user.id, 'user.role-groups-changed')
    assert.deepEqual([event?.outcome, event?.details], ['refused', { refusal: 'no-approver' }])
  })

  test('a decision asks for a step-up when the last one is older than 10 minutes', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const approvalId = await ask(user.id, 'admin')
    app.clock.advance(11 * MINUTE)

    assert.equal((await cast.decide(DESK2)).status, 401)
    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    const presence = cast.as(DESK2).code()
    assert.equal((await cast.decide(DESK2, { decision: 'approve', presence })).status, 303)
    assert.deepEqual(await people.roleGroupsOf(user.id), ['admin'])
    assert.equal((await caseOf(approvalId)).status, 'approved')
    await present(DESK)
  })
})

/** Proves that they are there, for what follows. */
async function present(email: string): Promise<void> {
  app.clock.advance(30 * SECOND)
  const browser = cast.as(email)
  const { status } = await browser.post('/approvals/01890000-0000-7000-8000-000000000000/withdraw', {
    presence: browser.code(),
  })
  assert.equal(status, 404)
}

describe('a decision', () => {
  test('a refusal needs a reason, changes nothing, is recorded and is mailed to the agent who asked', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const approvalId = await ask(user.id, 'admin')
    for (const form of [
      {},
      { decision: 'maybe' },
      { decision: 'refuse' },
      { decision: 'refuse', reason: ' ' },
    ])
      assert.equal((await cast.decide(DESK2, form)).status, 422, JSON.stringify(form))
    assert.notEqual(problemOf(await cast.decide(DESK2, { decision: 'refuse' }), 'reason'), '')

    assert.equal((await cast.decide(DESK2, REFUSE)).status, 303)

    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    const { status, decisionReason } = await caseOf(approvalId)
    assert.deepEqual([status, decisionReason], ['refused', REFUSE.reason])
    const [event] = await people.eventsOf(user.id, 'approval.refused')
    assert.equal(event?.details.reason, REFUSE.reason)
    assert.deepEqual(await mailedAbout(event?.id, 'approval-decided'), [DESK])
    assert.match((await cast.as(DESK).get('/approvals')).body, /I know of no such hire/)
    assert.equal((await cast.decide(DESK2)).status, 409, 'it is decided')
    await ask(user.id, 'admin')
  })

  test('20 approvals and refusals at once make one decision, and the others get 409', async () => {
    const third = await people.add('Portcullis Platform', ['service-desk'])
    const desk3 = app.browser()
    desk3.secret = await people.enrol(third.id)
    await desk3.signIn(third.email)
    for (let round = 0; round < 5; round += 1) {
      const user = await people.add('Harbour Group', ['tech-operator'])
      const approvalId = await ask(user.id, 'admin')
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? desk3 : cast.as(DESK2)).post(
            `/approvals/${approvalId}`,
            i % 3 ? { decision: 'approve' } : REFUSE,
          ),
        ),
      )

      assert.equal(answers.filter(({ status }) => status === 303).length, 1)
      assert.equal(answers.filter(({ status }) => status === 409).length, 19)
      const { status } = await caseOf(approvalId)
      const changes = await people.eventsOf(user.id, 'user.role-groups-changed')
      assert.equal(changes.length, status === 'approved' ? 1 : 0)
      assert.deepEqual(
        await people.roleGroupsOf(user.id),
        status === 'approved' ? ['admin'] : ['tech-operator'],
      )
    }
    await setStatus(third.email, 'disabled')
  })

  test('only the agent who asked withdraws a case, and of a withdrawal and an approval at once one counts', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const approvalId = await ask(user.id, 'admin')
    assert.equal((await cast.as(DESK2).post(`/approvals/${approvalId}/withdraw`)).status, 403)

    assert.equal((await cast.as(DESK).post(`/approvals/${approvalId}/withdraw`)).location, '/approvals')

    assert.equal((await caseOf(approvalId)).status, 'withdrawn')
    assert.equal(
      (await people.eventsOf(user.id, 'approval.withdrawn')).filter(({ outcome }) => outcome === 'success')
        .length,
      1,
    )
    assert.equal((await cast.decide(DESK2)).status, 409)
    assert.equal((await cast.as(DESK).post(`/approvals/${approvalId}/withdraw`)).status, 409)
    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    assert.doesNotMatch((await cast.as(DESK).get(`/users/${user.id}`)).body, /Waiting for a second agent/)

    for (let round = 0; round < 5; round += 1) {
      const id = await ask(user.id, 'admin')
      const answers = await Promise.all([
        cast.as(DESK).post(`/approvals/${id}/withdraw`),
        cast.as(DESK2).post(`/approvals/${id}`, { decision: 'approve' }),
      ])
      assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 409])
      const isApproved = (await caseOf(id)).status === 'approved'
      assert.deepEqual(await people.roleGroupsOf(user.id), [isApproved ? 'admin' : 'tech-operator'])
      if (isApproved) await give(DESK, user.id, 'tech-operator')
    }
  })
})

describe('rules that are asked again at the approval', () => {
  async function closes(because: string, sentence: RegExp): Promise<void> {
    const answer = await cast.decide(DESK2)
    assert.equal(answer.status, 409, because)
    assert.match(answer.body, sentence)
    const { status, closedBecause, decidedBy } = await caseOf(await people.lastApprovalId())
    assert.deepEqual([status, closedBecause], ['closed', because])
    assert.equal(decidedBy, (await app.userNamed(DESK2)).id)
    const event = await people.lastEvent('approval.closed')
    assert.equal(event?.outcome, 'failure')
    assert.deepEqual(await mailedAbout(event?.id, 'approval-decided'), [DESK])
  }

  test('a case closes with a reason if the agent who asked was disabled', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    await ask(user.id, 'admin')

    await without([DESK], () => closes('requester-gone', /not an active agent any more/))

    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
  })

  test('a case closes with a reason if the agent who asked is no agent any more', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    await ask(user.id, 'admin')
    const { id } = await app.userNamed(DESK)
    const held = await app.deps.db.select().from(memberships).where(eq(memberships.userId, id))
    await app.database.sql`
      update memberships set role_group_id = (select id from role_groups where key = 'operator') where user_id = ${id}`
    try {
      await closes('requester-gone', /not an active agent any more/)
    } finally {
      await app.deps.db.delete(memberships).where(eq(memberships.userId, id))
      await app.deps.db.insert(memberships).values(held)
    }
    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
  })

  test('a case closes with a reason if the person holds other role groups, has another address or was disabled', async () => {
    const changed = await people.add('Harbour Group', ['tech-operator'])
    await ask(changed.id, 'admin')
    await give(DESK2, changed.id, 'finance-operator')
    await closes('person-changed', /has changed since/)
    assert.deepEqual(await people.roleGroupsOf(changed.id), ['finance-operator'])

    const moved = await people.add('Harbour Group', ['tech-operator'])
    await ask(moved.id, 'admin')
    await app.deps.db.update(users).set({ email: 'puppet@elsewhere.example' }).where(eq(users.id, moved.id))
    await closes('person-changed', /has changed since/)

    const disabled = await people.add('Harbour Group', ['tech-operator'])
    await ask(disabled.id, 'admin')
    await setStatus(disabled.email, 'disabled')
    await closes('person-changed', /has changed since/)

    for (const { id } of [moved, disabled]) assert.deepEqual(await people.roleGroupsOf(id), ['tech-operator'])
  })

  test('a case closes with a reason if the sessions of the agent who asked were ended', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    await ask(user.id, 'admin')
    assert.equal((await cast.reset(DESK2, DESK)).status, 303)

    await closes('requester-signed-out', /were ended since/)

    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    await cast.comeBack(DESK)
  })

  test('ending one session on the account page withdraws what was asked for in it, and a sign-out does not', async () => {
    const [own, thief] = [cast.as(DESK), app.browser()]
    thief.secret = own.secret
    assert.equal((await thief.signIn(DESK)).location, '/')
    const [kept, stolen] = [
      await people.add('Harbour Group', ['tech-operator']),
      await people.add('Harbour Group', ['tech-operator']),
    ]
    const keptCase = await ask(kept.id, 'admin')
    const fields = { ...EVIDENCE, roleGroups: 'admin' }
    assert.equal((await thief.post(`/users/${stolen.id}/role-groups`, fields)).status, 303)
    const stolenCase = await people.lastApprovalId()

    assert.equal((await own.post(`/account/sessions/${handleOf(thief)}/end`)).location, '/account')
    await own.post('/sign-out')

    assert.equal((await cast.as(DESK2).post(`/approvals/${stolenCase}`, { decision: 'approve' })).status, 409)
    assert.deepEqual(await people.roleGroupsOf(stolen.id), ['tech-operator'])
    const [event] = await people.eventsOf(stolen.id, 'approval.withdrawn')
    assert.equal(event?.details.approvalId, stolenCase)
    assert.equal((await cast.as(DESK2).post(`/approvals/${keptCase}`, { decision: 'approve' })).status, 303)
    await cast.comeBack(DESK)
  })

  test('a case closes with a reason if the account was renamed, and its page shows the former name', async () => {
    const id = await people.clientId('Meridian Foods')
    const rename = async (name: string) =>
      assert.equal((await cast.as(DESK).post(`/clients/${id}/name`, { name, ...EVIDENCE })).status, 303)
    await rename('Training Sandbox')
    app.clock.advance(SECOND)
    await invite('Meridian Foods', 'admin')
    const page = await cast.as(DESK2).get(`/approvals/${await people.lastApprovalId()}`)
    assert.match(page.body, /it was called Meridian Foods/)
    app.clock.advance(SECOND)
    await rename('Meridian Foods')

    await closes('account-renamed', /was renamed/)
  })

  test('a case closes with a reason if the account was suspended', async () => {
    const { email } = await invite('Meridian Foods', 'admin')
    const clientId = await people.clientId('Meridian Foods')
    const suspend = (suspendedAt: Date | null) =>
      app.deps.db.update(clients).set({ suspendedAt }).where(eq(clients.id, clientId))
    await suspend(app.clock.now())

    await closes('account-suspended', /was suspended/)

    await suspend(null)
    assert.equal(await app.deps.db.$count(users, eq(users.email, email)), 0)
  })

  test('a case closes with a reason if the address belongs to a user by now', async () => {
    const { email } = await invite('Meridian Foods', 'admin')
    await invite('Harbour Group', 'tech-operator', { email })

    await closes('address-taken', /belongs to a user by now/)

    assert.deepEqual(await people.roleGroupsOf((await app.userNamed(email)).id), ['tech-operator'])
  })

  test('a case closes with a reason if the role group is now above the rank of the agent who asked', async () => {
    await app.database.sql`
      insert into role_groups (key, name, rank, is_admin) values ('owner', 'Owner', 100, true) on conflict do nothing`
    const user = await people.add('Harbour Group', ['tech-operator'])
    await ask(user.id, 'owner')
    await app.database.sql`update role_groups set rank = 120 where key = 'owner'`

    await closes('not-grantable', /may not do this any more/)

    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    await app.database.sql`delete from role_groups where key = 'owner'`
  })
})

describe('mails to administrators', () => {
  async function recipientsOf(
    path: string,
    fields: Record<string, string>,
    userId: string,
    action:
      | 'user.role-groups-changed'
      | 'user.disabled'
      | 'user.enabled'
      | 'invitation.resent'
      | 'invitation.withdrawn',
  ) {
    assert.equal((await cast.as(DESK).post(path, { ...EVIDENCE, ...fields })).status, 303, path)
    const [event] = await people.eventsOf(userId, action)
    return mailedAbout(event?.id, 'administrators-changed')
  }

  test('taking Admin away takes effect immediately and is mailed to the Admins of the account', async () => {
    const user = await people.add('Harbour Retail', ['admin'])

    const recipients = await recipientsOf(
      `/users/${user.id}/role-groups`,
      { roleGroups: 'tech-operator' },
      user.id,
      'user.role-groups-changed',
    )

    assert.deepEqual(await people.roleGroupsOf(user.id), ['tech-operator'])
    assert.deepEqual(recipients, [CHILD_ADMIN], 'not the person, who has a mail of their own')
  })

  test('in the platform account taking a role group away is mailed to all agents and Operators, including the actor', async () => {
    const agent = await people.add('Portcullis Platform', ['operator', 'service-desk'])

    const recipients = await recipientsOf(
      `/users/${agent.id}/role-groups`,
      { roleGroups: 'operator' },
      agent.id,
      'user.role-groups-changed',
    )

    assert.ok(
      [DESK, DESK2, OPERATOR].every((email) => recipients.includes(email)),
      recipients.join(),
    )
    await setStatus(agent.email, 'disabled')
  })

  test('disabling, enabling, inviting again and withdrawing an Admin are mailed to the administrators', async () => {
    const active = await people.add('Harbour Retail', ['admin'])
    const invited = await people.add('Harbour Retail', ['admin'], 'invited')

    for (const [id, path, action] of [
      [active.id, 'disable', 'user.disabled'],
      [invited.id, 'invitation', 'invitation.resent'],
      [invited.id, 'invitation/withdraw', 'invitation.withdrawn'],
    ] as const) {
      const recipients = await recipientsOf(`/users/${id}/${path}`, {}, id, action)
      assert.ok(recipients.includes(CHILD_ADMIN), path)
      assert.ok(!recipients.includes((await people.byId(id)).email), path)
    }

    assert.equal((await cast.as(DESK).post(`/users/${active.id}/enable`, EVIDENCE)).status, 303)
    const [enabled] = await people.eventsOf(active.id, 'user.enabled')
    assert.ok((await mailedAbout(enabled?.id, 'administrators-changed')).includes(CHILD_ADMIN))
  })

  test('acts on users who administer nothing are not mailed to the administrators', async () => {
    const user = await people.add('Harbour Retail', ['tech-operator'])
    const invited = await people.add('Harbour Retail', ['tech-operator'], 'invited')

    for (const [id, path, action] of [
      [user.id, 'role-groups', 'user.role-groups-changed'],
      [user.id, 'disable', 'user.disabled'],
      [user.id, 'enable', 'user.enabled'],
      [invited.id, 'invitation', 'invitation.resent'],
    ] as const)
      assert.deepEqual(
        await recipientsOf(`/users/${id}/${path}`, { roleGroups: 'finance-operator' }, id, action),
        [],
        path,
      )
  })
})

describe('expired cases', () => {
  test('a case can be approved for 24 hours and not after, whether or not a job has marked it', async () => {
    const early = await people.add('Harbour Group', ['tech-operator'])
    const late = await people.add('Harbour Group', ['tech-operator'])
    await ask(early.id, 'admin')
    const earlyCase = await people.lastApprovalId()
    const lateCase = await ask(late.id, 'admin')
    app.clock.advance(DAY - SECOND)
    await cast.comeBack(DESK2)
    // Coming back took 30 seconds: the first case is read as if it had been opened later.
    await app.deps.db
      .update(approvals)
      .set({ expiresAt: new Date(app.clock.now().getTime() + 1) })
      .where(eq(approvals.id, earlyCase))

    const list = (await cast.as(DESK2).get('/approvals')).body
    assert.match(list, new RegExp(`data-approval-id="${earlyCase}">\\s*<h3>`), 'it waits')
    assert.doesNotMatch(list, new RegExp(`data-approval-id="${lateCase}">\\s*<h3>`), 'it does not')
    assert.equal((await cast.as(DESK2).post(`/approvals/${earlyCase}`, { decision: 'approve' })).status, 303)
    const answer = await cast.as(DESK2).post(`/approvals/${lateCase}`, { decision: 'approve' })

    assert.equal(answer.status, 409)
    assert.match(answer.body, /has expired/)
    assert.deepEqual(await people.roleGroupsOf(early.id), ['admin'])
    assert.deepEqual(await people.roleGroupsOf(late.id), ['tech-operator'])
    assert.equal((await caseOf(lateCase)).status, 'expired')
    const [event] = await people.eventsOf(late.id, 'approval.expired')
    assert.deepEqual(await mailedAbout(event?.id, 'approval-decided'), [DESK])
    await cast.comeBack(DESK)
  })

  test('the job marks an overdue case once, and an early, forged or repeated job changes nothing', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const approvalId = await ask(user.id, 'admin')
    const { expiresAt } = await caseOf(approvalId)
    const run = (id: string) => app.deps.db.transaction((tx) => expireApproval(tx, id, app.clock.now()))

    assert.deepEqual(await run(approvalId), { again: expiresAt })
    assert.equal((await caseOf(approvalId)).status, 'open')
    assert.equal(await run('01890000-0000-7000-8000-000000000000'), null)
    app.clock.advance(DAY)
    assert.equal(await run(approvalId), null)
    assert.equal(await run(approvalId), null)

    assert.equal((await caseOf(approvalId)).status, 'expired')
    assert.equal((await people.eventsOf(user.id, 'approval.expired')).length, 1)
    await cast.comeBack(DESK)
    await cast.comeBack(DESK2)
  })

  test('an overdue case that no job has marked does not block a new request', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const overdue = await ask(user.id, 'admin')
    app.clock.advance(DAY)
    await cast.comeBack(DESK)
    await cast.comeBack(DESK2)

    const again = await ask(user.id, 'admin')

    assert.notEqual(again, overdue)
    assert.equal((await caseOf(overdue)).status, 'expired')
    assert.equal((await cast.decide(DESK2)).status, 303)
  })

  test('a closed case is removed after 90 days, and a waiting one is kept', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const ended = await ask(user.id, 'admin')
    await cast.decide(DESK2, REFUSE)
    app.clock.advance(89 * DAY)
    await sweepExpired({ ...app.deps })
    assert.equal((await caseOf(ended)).status, 'refused')
    app.clock.advance(2 * DAY)
    await cast.comeBack(DESK)
    await cast.comeBack(DESK2)
    const open = await ask(user.id, 'admin')

    await sweepExpired({ ...app.deps })

    assert.deepEqual(await app.deps.db.select({ id: approvals.id }).from(approvals), [{ id: open }])
  })
})
