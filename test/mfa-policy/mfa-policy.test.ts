// Spec: "When MFA is enabled for a client's selected role groups". Who may select them, and what it does at once.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { outbox } from '../../src/platform/db/schema/outbox.ts'
import { memberships, mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { renderMail } from '../../src/platform/mail/render-mail.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import {
  type Answer,
  type Browser,
  DEMO_PASSWORD,
  type Fields,
  fieldsWithProblem,
} from '../support/browser.ts'
import { Cast } from '../support/cast.ts'

const ADMIN = 'admin@harbour.example'
const ADMIN2 = 'admin2@harbour.example'
const USER = 'tech@harbour.example'
const CHILD_ADMIN = 'admin@retail.harbour.example'
const FOREIGN_ADMIN = 'admin@meridian.example'
const DESK = 'desk@platform.example'
const OPERATOR = 'operator@platform.example'
const EVIDENCE: [string, string][] = [
  ['ticket', 'SD-4711'],
  ['reason', 'Asked for by their board'],
]

let cast: Cast
let app: TestApp
const idOf = new Map<string, string>()

before(async () => {
  cast = await Cast.assemble(
    [ADMIN, ADMIN2, USER, CHILD_ADMIN, DESK, OPERATOR],
    [FOREIGN_ADMIN, 'finance@harbour.example', 'support@harbour.example'],
  )
  app = cast.app
  for (const { id, name } of await app.deps.db.select().from(clients)) idOf.set(name, id)
})
after(() => app.close())

beforeEach(async () => {
  await setPolicy('Harbour Group', ['admin', 'tech-operator'])
  await setPolicy('Harbour Retail', ['admin', 'tech-operator'])
  await setPolicy('Meridian Foods', [])
})

function clientId(name: string): string {
  const id = idOf.get(name)
  assert.ok(id, name)
  return id
}

async function setPolicy(name: string, keys: readonly string[]): Promise<void> {
  const id = clientId(name)
  await app.deps.db.delete(mfaPolicies).where(eq(mfaPolicies.clientId, id))
  for (const { key, id: roleGroupId } of await app.deps.db.select().from(roleGroups))
    if (keys.includes(key)) await app.deps.db.insert(mfaPolicies).values({ clientId: id, roleGroupId })
}

async function policyOf(name: string): Promise<string[]> {
  const rows = await app.deps.db
    .select({ key: roleGroups.key })
    .from(mfaPolicies)
    .innerJoin(roleGroups, eq(roleGroups.id, mfaPolicies.roleGroupId))
    .where(eq(mfaPolicies.clientId, clientId(name)))
  return rows.map(({ key }) => key).sort()
}

function post(email: string, path: string, keys: readonly string[], more: [string, string][] = []) {
  const fields: Fields = [...keys.map((key): [string, string] => ['roleGroups', key]), ...more]
  return cast.as(email).post(path, fields)
}

const lastChange = (name: string) => cast.people.lastEvent('mfa-policy.changed', clientId(name))
const policyPage = (name: string) => `/clients/${clientId(name)}/mfa-policy`

describe('tightening by an Admin', () => {
  test('an Admin tightens the policy: it holds from the commit on, is recorded and is mailed to the Admins', async () => {
    const answer = await post(ADMIN, '/mfa-policy', ['admin', 'tech-operator', 'finance-admin'])

    assert.equal(answer.status, 303)
    assert.equal(answer.location, '/mfa-policy')
    assert.match((await cast.as(ADMIN).get('/mfa-policy')).body, /The MFA policy is saved/)
    assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'finance-admin', 'tech-operator'])
    const event = await lastChange('Harbour Group')
    assert.equal(event?.outcome, 'success')
    assert.equal(event?.actorId, (await app.userNamed(ADMIN)).id)
    assert.deepEqual(event?.details, { added: ['finance-admin'], removed: [], channel: 'admin' })
    assert.ok(event)
    const mails = await app.deps.db.select().from(notifications).where(eq(notifications.eventId, event.id))
    assert.deepEqual(
      mails.map(({ kind, recipientId }) => [kind, recipientId]).sort(),
      [
        ['mfa-policy-changed', (await app.userNamed(ADMIN)).id],
        ['mfa-policy-changed', (await app.userNamed(ADMIN2)).id],
      ].sort(),
    )
    assert.deepEqual(mails[0]?.facts, { added: 'Finance Admin', removed: '' })
    const queued = await app.deps.db.select().from(outbox).where(eq(outbox.job, 'send-notification'))
    for (const { id } of mails) assert.ok(queued.some(({ payload }) => payload.notificationId === id))
  })

  test('an Admin tightens the policy at its long address too, and stays there', async () => {
    const path = policyPage('Harbour Group')

    const answer = await post(ADMIN, path, ['admin', 'tech-operator', 'tech-admin'])

    assert.equal(answer.location, path)
    assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'tech-admin', 'tech-operator'])
  })

  test('an unchanged policy leaves no trace', async () => {
    const before = await lastChange('Harbour Group')

    assert.equal((await post(ADMIN, '/mfa-policy', ['tech-operator', 'admin'])).status, 303)

    assert.deepEqual(await lastChange('Harbour Group'), before)
  })

  test('an Admin cannot take a role group out, and the attempt is recorded', async () => {
    for (const keys of [['admin'], [], ['admin', 'finance-admin']]) {
      const answer = await post(ADMIN, '/mfa-policy', keys)

      assert.equal(answer.status, 403)
      assert.match(answer.body, /Service Desk/)
      assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'tech-operator'], 'nothing is half done')
      const event = await lastChange('Harbour Group')
      assert.equal(event?.outcome, 'refused')
      assert.deepEqual(event?.details, { refusal: 'loosened-by-service-desk' })
    }
  })

  test('an Admin adds only role groups of this kind of account', async () => {
    for (const key of ['no-such-group', 'service-desk', '', 'Admin']) {
      const answer = await post(ADMIN, '/mfa-policy', ['admin', 'tech-operator', key])

      assert.equal(answer.status, 422, key)
      assert.match(answer.body, /role="alert"/)
      assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'tech-operator'])
    }
  })
})

describe('the Service Desk', () => {
  test('the Service Desk loosens the policy with ticket and reason', async () => {
    const path = policyPage('Harbour Group')

    const answer = await post(DESK, path, ['admin', 'finance-admin'], EVIDENCE)

    assert.equal(answer.status, 303)
    assert.equal(answer.location, path)
    assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'finance-admin'])
    const event = await lastChange('Harbour Group')
    assert.deepEqual(event?.details, {
      added: ['finance-admin'],
      removed: ['tech-operator'],
      channel: 'service-desk',
      ticket: 'SD-4711',
      reason: 'Asked for by their board',
    })
    const log = await cast.as(ADMIN).get('/audit?action=mfa-policy.changed')
    assert.match(
      log.body,
      /Daniel Achterberg of the Service Desk required MFA of Finance Admin and stopped requiring it of Tech Operator\./,
    )
  })

  test('the Service Desk needs ticket and reason: a missing one is named beside its field, and what was typed is kept', async () => {
    const path = policyPage('Harbour Group')
    const cases: [fields: [string, string][], problems: string[]][] = [
      [[], ['ticket', 'reason']],
      [[['ticket', 'SD-<1>']], ['reason']],
      [[['reason', 'Because']], ['ticket']],
      [
        [
          ['ticket', '  '],
          ['reason', 'x'.repeat(501)],
        ],
        ['ticket', 'reason'],
      ],
    ]
    for (const [fields, problems] of cases) {
      const answer = await post(DESK, path, ['admin'], fields)

      assert.equal(answer.status, 422)
      assert.deepEqual(fieldsWithProblem(answer), problems)
      assert.match(answer.body, /name="roleGroups" value="admin"/)
      assert.doesNotMatch(answer.body, /name="roleGroups" value="tech-operator"/)
    }
    const kept = await post(DESK, path, ['admin'], [['ticket', 'SD-<1>']])
    assert.match(kept.body, /value="SD-&lt;1&gt;"/)
    assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'tech-operator'])
  })

  test('the Service Desk cannot change the fixed policy of the platform account', async () => {
    const before = await policyOf('Portcullis Platform')
    for (const path of ['/mfa-policy', policyPage('Portcullis Platform')]) {
      assert.equal((await post(DESK, path, ['service-desk'], EVIDENCE)).status, 403)
      assert.equal((await cast.as(DESK).get(`${path}/review`)).status, 403)
      assert.doesNotMatch((await cast.as(DESK).get(path)).body, /type="checkbox"/)
    }
    assert.deepEqual(await policyOf('Portcullis Platform'), before)
  })
})

describe('forged requests over the hierarchy', () => {
  const rows: [actor: string, account: string, tighten: number, loosen: number, look: number][] = [
    [ADMIN, 'Harbour Group', 303, 403, 200],
    [ADMIN, 'Harbour Retail', 403, 403, 200],
    [ADMIN, 'Harbour Online', 403, 403, 200],
    [ADMIN, 'Meridian Foods', 404, 404, 404],
    [ADMIN, 'Portcullis Platform', 404, 404, 404],
    [CHILD_ADMIN, 'Harbour Group', 404, 404, 404],
    [CHILD_ADMIN, 'Harbour Retail', 303, 403, 200],
    [FOREIGN_ADMIN, 'Harbour Group', 404, 404, 404],
    [USER, 'Harbour Group', 403, 403, 403],
    [USER, 'Harbour Retail', 404, 404, 404],
    [OPERATOR, 'Harbour Group', 404, 404, 404],
    [DESK, 'Harbour Group', 303, 303, 200],
    [DESK, 'Meridian Foods', 303, 303, 200],
  ]
  for (const [actor, account, tighten, loosen, look] of rows)
    test(`a forged POST of ${actor} for ${account} gets tighten ${tighten}, loosen ${loosen}, look ${look}`, async () => {
      await setPolicy(account, ['tech-operator'])
      const path = policyPage(account)

      assert.equal((await post(actor, path, ['tech-operator', 'tech-admin'], EVIDENCE)).status, tighten)
      assert.deepEqual(
        await policyOf(account),
        tighten === 303 ? ['tech-admin', 'tech-operator'] : ['tech-operator'],
      )
      assert.equal((await post(actor, path, ['tech-admin'], EVIDENCE)).status, loosen)
      assert.equal((await policyOf(account)).includes('tech-operator'), loosen !== 303)
      const page = await cast.as(actor).get(path)
      assert.equal(page.status, look)
      assert.equal(/type="checkbox"/.test(page.body), tighten === 303, 'switches for who may use them')
    })

  test('a forged POST of a parent is recorded in both accounts, and of a stranger in their own alone', async () => {
    await post(ADMIN, policyPage('Harbour Retail'), ['admin', 'tech-operator', 'tech-admin'])
    const [own, child] = [await lastChange('Harbour Group'), await lastChange('Harbour Retail')]
    assert.deepEqual(
      [own, child].map((event) => [event?.outcome, event?.details.refusal]),
      [
        ['refused', 'parents-only-look'],
        ['refused', 'parents-only-look'],
      ],
    )

    const before = await lastChange('Meridian Foods')
    await post(ADMIN, policyPage('Meridian Foods'), ['admin'])
    assert.deepEqual((await lastChange('Harbour Group'))?.details.refusal, 'unknown')
    assert.deepEqual(await lastChange('Meridian Foods'), before)
  })

  test('a forged POST for an unknown account gets the same 404 as for a stranger’s', async () => {
    const strip = ({ status, body }: Answer) => [status, body.replace(/[0-9a-f-]{36}/g, '')]
    const stranger = await post(ADMIN, policyPage('Meridian Foods'), ['admin'])
    assert.equal(stranger.status, 404)
    for (const id of ['01890000-0000-7000-8000-000000000000', 'no-id'])
      assert.deepEqual(strip(await post(ADMIN, `/clients/${id}/mfa-policy`, ['admin'])), strip(stranger))
  })
})

describe('the review before saving', () => {
  const review = (email: string, path: string, keys: readonly string[]) =>
    cast
      .as(email)
      .get(`${path}/review?${new URLSearchParams(keys.map((key): [string, string] => ['roleGroups', key]))}`)

  test('the review shows who is affected and saves nothing', async () => {
    const page = await review(ADMIN, '/mfa-policy', [
      'admin',
      'tech-operator',
      'finance-manager',
      'customer-service-operator',
    ])

    assert.equal(page.status, 200)
    assert.match(page.body, /2 people, 2 not enrolled: they will be asked to enrol at their next request\./)
    assert.match(page.body, /also be required of <strong>Finance Manager, Customer Service Operator</)
    assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'tech-operator'])
  })

  test('the review counts neither users of whom MFA is required already nor disabled users', async () => {
    const [group] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, 'finance-manager'))
    assert.ok(group)
    await app.deps.db
      .insert(memberships)
      .values({ userId: (await app.userNamed(USER)).id, roleGroupId: group.id })
    const count = async () =>
      /(\d+) (?:person|people), \d+ not enrolled/.exec(
        (await review(ADMIN, '/mfa-policy', ['admin', 'tech-operator', 'finance-manager'])).body,
      )?.[1]

    assert.equal(await count(), '1', 'Theo is required already')
    await setPolicy('Harbour Group', ['admin'])
    const page = await review(ADMIN, '/mfa-policy', ['admin', 'finance-manager'])
    assert.match(page.body, /2 people, 1 not enrolled/, 'Theo is enrolled')
    const fiona = eq(users.email, 'finance@harbour.example')
    await app.deps.db.update(users).set({ status: 'disabled' }).where(fiona)
    assert.match(
      (await review(ADMIN, '/mfa-policy', ['admin', 'finance-manager'])).body,
      /1 person, 0 not enrolled/,
    )
    await app.deps.db.update(users).set({ status: 'active' }).where(fiona)
    await app.deps.db.delete(memberships).where(eq(memberships.roleGroupId, group.id))
    await app.deps.db
      .insert(memberships)
      .values({ userId: (await app.userNamed('finance@harbour.example')).id, roleGroupId: group.id })
  })

  test('the review warns an Admin who will be asked to enrol themselves', async () => {
    const own = await review(FOREIGN_ADMIN, '/mfa-policy', ['admin'])
    const others = await review(FOREIGN_ADMIN, '/mfa-policy', ['tech-operator'])

    assert.match(own.body, /You are one of them/)
    assert.doesNotMatch(others.body, /You are one of them/)
    assert.equal((await post(FOREIGN_ADMIN, '/mfa-policy', ['admin'])).status, 303)
    assert.equal((await cast.as(FOREIGN_ADMIN).get('/mfa-policy')).location, '/mfa/enrol')
  })

  test('the review tells the Service Desk whom loosening releases, and refuses the same to an Admin', async () => {
    const page = await review(DESK, policyPage('Harbour Group'), ['admin'])

    assert.match(page.body, /no longer be required of <strong>Tech Operator</)
    assert.match(page.body, /2 people will no longer be required to use MFA, 1 of them not enrolled/)
    assert.equal((await review(ADMIN, '/mfa-policy', ['admin'])).status, 403)
    assert.equal((await review(ADMIN, policyPage('Harbour Retail'), ['admin'])).status, 403)
    assert.equal((await review(ADMIN, policyPage('Meridian Foods'), ['admin'])).status, 404)
    assert.equal((await review(USER, '/mfa-policy', ['admin'])).status, 403)
    assert.equal((await review(ADMIN, '/mfa-policy', ['nonsense'])).status, 422)
  })
})

describe('two changes at the same time', () => {
  test('two Admins who saw the same policy and add different role groups do not undo each other', async () => {
    const form = await cast.as(ADMIN).get('/mfa-policy')
    const basedOn = /name="basedOn" value="([^"]*)"/.exec(form.body)?.[1]
    assert.equal(basedOn, 'admin,tech-operator')

    const answers = await Promise.all([
      post(ADMIN, '/mfa-policy', ['admin', 'tech-operator', 'finance-admin'], [['basedOn', basedOn]]),
      post(ADMIN2, '/mfa-policy', ['admin', 'tech-operator', 'tech-admin'], [['basedOn', basedOn]]),
    ])

    assert.deepEqual(
      answers.map(({ status }) => status),
      [303, 303],
    )
    assert.deepEqual(await policyOf('Harbour Group'), [
      'admin',
      'finance-admin',
      'tech-admin',
      'tech-operator',
    ])
  })

  test('a role group that the Service Desk has taken out does not come back with an older form', async () => {
    await post(DESK, policyPage('Harbour Group'), ['admin'], EVIDENCE)

    const late = await post(
      ADMIN,
      '/mfa-policy',
      ['admin', 'tech-operator', 'finance-admin'],
      [['basedOn', 'admin,tech-operator']],
    )

    assert.equal(late.status, 303)
    assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'finance-admin'])
  })

  test('a forged basis does not let an Admin take a role group out', async () => {
    const answer = await post(ADMIN, '/mfa-policy', [], [['basedOn', 'admin,tech-operator,finance-admin']])

    assert.equal(answer.status, 403)
    assert.deepEqual(await policyOf('Harbour Group'), ['admin', 'tech-operator'])
  })
})

test('a tightened policy holds each of twenty open sessions at its next request', async () => {
  const meridian = clientId('Meridian Foods')
  const [marta] = await app.deps.db.select().from(users).where(eq(users.email, FOREIGN_ADMIN))
  const [group] = await app.deps.db.select().from(roleGroups).where(eq(roleGroups.key, 'finance-operator'))
  assert.ok(marta && group)
  const people = Array.from({ length: 20 }, (_, number) => `clerk${number}@meridian.example`)
  const added = await app.deps.db
    .insert(users)
    .values(
      people.map((email) => ({
        clientId: meridian,
        email,
        name: email,
        status: 'active' as const,
        passwordHash: marta.passwordHash,
      })),
    )
    .returning({ id: users.id })
  await app.deps.db.insert(memberships).values(added.map(({ id }) => ({ userId: id, roleGroupId: group.id })))
  const sessions: Browser[] = []
  for (let first = 0; first < people.length; first += 10)
    await Promise.all(
      people.slice(first, first + 10).map(async (email) => {
        const browser = app.browser()
        assert.equal((await browser.signInWithPassword(email)).location, '/')
        sessions.push(browser)
      }),
    )
  const held = async (browser: Browser) => {
    const [page, act] = [await browser.get('/'), await browser.post('/users')]
    return page.location === '/mfa/enrol' && act.location === '/mfa/enrol'
  }
  assert.equal(sessions.length, 20)
  assert.equal((await cast.as(FOREIGN_ADMIN).post('/sign-out')).status, 303)
  await cast.as(FOREIGN_ADMIN).signInWithPassword(FOREIGN_ADMIN)
  for (const browser of sessions) assert.equal((await browser.get('/')).status, 200)
  const preview = await cast.as(FOREIGN_ADMIN).get('/mfa-policy/review?roleGroups=finance-operator')
  assert.match(preview.body, /20 people, 20 not enrolled: they will be asked to enrol at their next request/)

  assert.equal((await post(FOREIGN_ADMIN, '/mfa-policy', ['finance-operator'])).status, 303)

  for (const browser of sessions) assert.ok(await held(browser))
  assert.equal((await cast.as(FOREIGN_ADMIN).get('/')).status, 200, 'whom it does not concern goes on')
})

test('the mail about a policy says in words what was added and what was taken out', () => {
  const recipient = { name: 'Amara Okafor', email: ADMIN, clientName: 'Harbour Group' }
  const context = {
    recipient,
    helper: 'the Service Desk',
    publicUrl: 'https://gate.example',
    at: new Date(0),
    by: 'the Service Desk',
  }

  const both = renderMail('mfa-policy-changed', {
    ...context,
    added: 'Tech Admin',
    removed: 'Admin, Finance Admin',
  })
  const one = renderMail('mfa-policy-changed', { ...context, added: 'Tech Admin', removed: '' })

  assert.equal(both.subject, 'The MFA policy of Harbour Group was changed')
  for (const text of [both.text, both.html]) {
    assert.match(text, /changed by .*the Service Desk/)
    assert.match(text, /also required of: .*Tech Admin/)
    assert.match(text, /no longer requires MFA of: .*Admin, Finance Admin/)
  }
  assert.doesNotMatch(one.text + one.html, /no longer required/)
  const own = renderMail('mfa-policy-changed', { ...context, byYou: true, added: 'Tech Admin', removed: '' })
  for (const text of [own.text, own.html]) {
    assert.match(text, /You changed the MFA policy of .*Harbour Group/)
    assert.doesNotMatch(text, /changed by|You know of this/)
  }
})

test('an Admin whose last step-up is older than ten minutes confirms again, and the change goes on', async () => {
  const marta = app.browser()
  await marta.signInWithPassword(FOREIGN_ADMIN)
  app.clock.advance(11 * MINUTE)

  const asked = await marta.post('/mfa-policy', { roleGroups: 'finance-admin' })
  assert.equal(asked.status, 401)
  assert.match(asked.body, /You are about to change an MFA policy\..*href="\/mfa-policy">Cancel/s)
  assert.match(asked.body, /name="roleGroups" value="finance-admin"/)
  assert.deepEqual(await policyOf('Meridian Foods'), [])
  const right = await marta.post('/mfa-policy', { roleGroups: 'finance-admin', presence: DEMO_PASSWORD })

  assert.equal(right.status, 303)
  assert.deepEqual(await policyOf('Meridian Foods'), ['finance-admin'])
})
