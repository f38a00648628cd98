// Running a client account: rules of every act on a user.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import type { Answer } from '../support/browser.ts'
import { ADMIN, ADMIN2, Cast, CHILD_ADMIN, DESK, FOREIGN_ADMIN, OPERATOR, TECH } from '../support/cast.ts'
import type { People, Status } from '../support/people.ts'

const EVIDENCE = { reason: 'Asked for in person', ticket: 'SD-4711' }

let cast: Cast
let app: TestApp
let people: People
before(async () => {
  cast = await Cast.assemble([ADMIN, ADMIN2, TECH, CHILD_ADMIN, DESK, OPERATOR], [FOREIGN_ADMIN])
  ;({ app, people } = cast)
})
after(() => app.close())

describe('the notice after an act', () => {
  test('the page after an act says what was done and links to the user', async () => {
    const fields = people.newcomer({ name: 'Greta Greeted' })
    const admin = cast.as(ADMIN)
    await admin.post('/users', fields)
    const { id } = await app.userNamed(fields.email ?? '')

    const { body } = await admin.get('/users')

    assert.match(body, new RegExp(`The invitation of Greta Greeted is on its way.*href="/users/${id}"`))
    await admin.post(`/users/${id}/role-groups`, { roleGroups: 'tech-operator' })
    assert.match((await admin.get(`/users/${id}`)).body, /The role groups of Greta Greeted are saved\./)
    assert.doesNotMatch(
      (await admin.get(`/users/${(await app.userNamed(ADMIN2)).id}`)).body,
      /role="status" tabindex/,
    )
  })

  test('a forged notice shows neither a user of another account nor foreign words', async () => {
    const admin = cast.as(ADMIN)
    const stranger = await app.userNamed(FOREIGN_ADMIN)
    const own = await app.userNamed(ADMIN2)

    for (const forged of [`disabled.${stranger.id}`, `hello-world.${own.id}`, `constructor.${own.id}`]) {
      admin.cookies.set('notice', forged)
      const { status, body } = await admin.get('/users')
      assert.equal(status, 200)
      assert.doesNotMatch(body, /role="status" tabindex/, forged)
    }
    admin.cookies.delete('notice')
  })
})

describe('acts on oneself', () => {
  for (const actor of [ADMIN, DESK])
    test(`${actor} cannot act on their own account`, async () => {
      const { id } = await app.userNamed(actor)
      const keys = await people.roleGroupsOf(id)
      const fields = { ...EVIDENCE, name: 'Another Name', roleGroups: 'operator' }
      for (const path of ['profile', 'role-groups', 'disable', 'enable', 'invitation', 'invitation/withdraw'])
        assert.equal((await cast.as(actor).post(`/users/${id}/${path}`, fields)).status, 403, path)
      assert.equal((await people.byId(id)).status, 'active')
      assert.deepEqual(await people.roleGroupsOf(id), keys)
    })
})

describe('acts over a three-level hierarchy and a foreign account', () => {
  const ACTORS = {
    [ADMIN]: { is: 'Admin', own: 'Harbour Group', below: ['Harbour Retail', 'Harbour Online'] },
    [CHILD_ADMIN]: { is: 'Admin', own: 'Harbour Retail', below: ['Harbour Online'] },
    [FOREIGN_ADMIN]: { is: 'Admin', own: 'Meridian Foods', below: [] },
    [TECH]: { is: 'user', own: 'Harbour Group', below: ['Harbour Retail', 'Harbour Online'] },
    [OPERATOR]: { is: 'user', own: 'Portcullis Platform', below: [] },
    [DESK]: { is: 'Service Desk', own: 'Portcullis Platform', below: [] },
  } as const
  const ACCOUNTS = [
    'Harbour Group',
    'Harbour Retail',
    'Harbour Online',
    'Meridian Foods',
    'Portcullis Platform',
  ] as const
  const STATUSES = ['active', 'invited', 'disabled'] as const
  const ACTIONS = {
    'change the profile of': { path: 'profile', of: STATUSES },
    'change the role groups of': {
      path: 'role-groups',
      roleGroups: ['finance-operator', 'operator'],
      of: STATUSES,
    },
    'make Admin': {
      path: 'role-groups',
      roleGroups: ['admin', 'service-desk'],
      of: STATUSES,
    },
    'end the sessions of': { path: 'sessions/end', of: ['active', 'invited'] },
    disable: { path: 'disable', of: ['active', 'invited'] },
    enable: { path: 'enable', of: ['disabled'] },
    'send the invitation again to': { path: 'invitation', of: ['invited'] },
    'withdraw the invitation of': { path: 'invitation/withdraw', of: ['invited'] },
  } as const satisfies Record<string, { path: string; roleGroups?: readonly string[]; of: readonly Status[] }>

  /** The rules, written down anew. Null: it depends on the action. */
  function refused(actor: (typeof ACTORS)[keyof typeof ACTORS], account: string, isAdmin: boolean) {
    const isOwn = actor.own === account
    const isChild = (actor.below as readonly string[]).includes(account)
    if (actor.is === 'Service Desk') return null
    if (actor.is === 'user') return isOwn ? 403 : 404
    if (!isOwn) return isChild ? 403 : 404
    return isAdmin ? 403 : null
  }

  function done(actor: (typeof ACTORS)[keyof typeof ACTORS], action: keyof typeof ACTIONS, status: Status) {
    if (!(ACTIONS[action].of as readonly Status[]).includes(status)) return 409
    return actor.is === 'Admin' && action === 'make Admin' ? 403 : 303
  }

  for (const [email, actor] of Object.entries(ACTORS))
    for (const [action, { path, of, ...fields }] of Object.entries(ACTIONS))
      test(`${email} can ${action} exactly the users that the rules allow`, async () => {
        // Where every status is refused, one that the action would change is enough.
        for (const account of accountsFor(actor))
          for (const isAdmin of actor.is === 'Admin' && actor.own !== account ? [true] : [false, true])
            for (const status of refused(actor, account, isAdmin) ? of.slice(0, 1) : STATUSES) {
              const [clientKey, platformKey] = 'roleGroups' in fields ? fields.roleGroups : ['', '']
              const isPlatform = account === 'Portcullis Platform'
              const held = isPlatform
                ? ['operator', 'service-desk'][Number(isAdmin)]
                : ['tech-operator', 'admin'][Number(isAdmin)]
              const target = await people.add(account, [held ?? ''], status)
              const before = await stateOf(target.id)
              const title = `${account}, ${held}, ${status}`

              const answer = await cast.as(email).post(`/users/${target.id}/${path}`, {
                ...EVIDENCE,
                name: 'Another Name',
                roleGroups: (isPlatform ? platformKey : clientKey) ?? '',
              })

              // A second agent approves new administrators. For a disabled user it cannot be asked.
              const given = 'roleGroups' in fields ? (isPlatform ? platformKey : clientKey) : undefined
              const waits = ['admin', 'service-desk', 'operator'].includes(given ?? '') && given !== held
              const wanted =
                refused(actor, account, isAdmin) ??
                (actor.is === 'Service Desk' && waits && status === 'disabled'
                  ? 409
                  : done(actor, action as keyof typeof ACTIONS, status))
              assert.equal(answer.status, wanted, title)
              if (wanted !== 303 || waits)
                assert.deepEqual(await stateOf(target.id), before, `${title}: nothing changed`)
              if (wanted === 403) {
                const onRecord = await app.deps.db
                  .select()
                  .from(auditEvents)
                  .where(and(eq(auditEvents.subjectId, target.id), eq(auditEvents.outcome, 'refused')))
                assert.equal(onRecord.length, actor.own === account ? 1 : 2, `${title}: on record`)
              }
            }
      })

  /** An agent knows no hierarchy: one client account stands for all. */
  function accountsFor({ is }: (typeof ACTORS)[keyof typeof ACTORS]) {
    return is === 'Service Desk' ? (['Harbour Retail', 'Portcullis Platform'] as const) : ACCOUNTS
  }

  async function stateOf(id: string) {
    return [await people.byId(id), await people.roleGroupsOf(id), await people.invitationsOf(id)]
  }

  test('an act on a foreign, an unknown and a malformed id gets the same answer', async () => {
    const foreign = await people.add('Meridian Foods', ['tech-operator'], 'invited')
    const normal = ({ status, body }: Answer) => [status, body.replace(/[0-9a-f-]{36}/g, 'ID')]
    for (const { path } of Object.values(ACTIONS)) {
      const answers: unknown[] = []
      for (const id of [foreign.id, '01890000-0000-7000-8000-000000000000', 'no-id', "' or 1=1"])
        answers.push(
          normal(
            await cast.as(ADMIN).post(`/users/${encodeURIComponent(id)}/${path}`, {
              ...EVIDENCE,
              roleGroups: 'tech-operator',
            }),
          ),
        )
      assert.equal((answers[0] as [number])[0], 404)
      for (const answer of answers) assert.deepEqual(answer, answers[0])
    }
  })

  test('the page of a user offers what the rules allow, and says why where they allow nothing', async () => {
    const user = await people.add('Harbour Group', ['tech-operator'])
    const page = async (actor: string, id: string) => (await cast.as(actor).get(`/users/${id}`)).body

    assert.match(await page(ADMIN, user.id), new RegExp(`href="/users/${user.id}/disable\\?back=`))
    assert.match(await page(ADMIN, user.id), new RegExp(`href="/users/${user.id}/role-groups\\?back=`))
    assert.doesNotMatch(await page(ADMIN, user.id), /\/enable\?|\/invitation\?/)
    const admin2 = await app.userNamed(ADMIN2)
    assert.doesNotMatch(await page(ADMIN, admin2.id), /\/disable\?|\/role-groups\?/)
    assert.match(await page(ADMIN, admin2.id), /Only the Service Desk resets, changes or disables an Admin/)
    const child = await people.add('Harbour Retail', ['tech-operator'])
    assert.doesNotMatch(await page(ADMIN, child.id), /\/disable\?|\/role-groups\?/)
    assert.match(await page(ADMIN, child.id), /only its own Admins and the Service Desk may change it/)
    assert.match(await page(DESK, admin2.id), new RegExp(`href="/users/${admin2.id}/disable\\?back=`))
  })
})

describe('acts of a demoted Admin', () => {
  test('an act that runs against the demotion of its actor is refused unless it commits first', async () => {
    for (let round = 0; round < 10; round += 1) {
      const actor = await people.add('Meridian Foods', ['admin'])
      const target = await people.add('Meridian Foods', ['tech-operator'])
      const browser = app.browser()
      await browser.signInWithPassword(actor.email)

      const [answer, demoted] = await Promise.all([
        browser.post(`/users/${target.id}/disable`, EVIDENCE),
        cast.as(DESK).post(`/users/${actor.id}/role-groups`, { roleGroups: 'tech-operator', ...EVIDENCE }),
      ])

      assert.equal(demoted.status, 303)
      assert.ok([303, 403].includes(answer.status), String(answer.status))
      assert.equal((await people.byId(target.id)).status === 'disabled', answer.status === 303)
      assert.equal((await browser.post(`/users/${target.id}/enable`, EVIDENCE)).status, 403)
      assert.equal((await browser.post('/users', people.newcomer())).status, 403)
    }
  })
})

test('an Admin whose last step-up is over 10 minutes ago confirms it again, and the form is kept', async () => {
  const admin = await cast.comeBack(ADMIN)
  app.clock.advance(11 * MINUTE)
  const fields = people.newcomer()

  const asked = await admin.post('/users', [...Object.entries(fields), ['roleGroups', 'tech-admin']])

  assert.equal(asked.status, 401)
  assert.match(asked.body, /name="roleGroups" value="finance-operator"/)
  assert.match(asked.body, /name="roleGroups" value="tech-admin"/)
  const answer = await admin.post('/users', { ...fields, presence: admin.code() })
  assert.equal(answer.status, 303)
})
