// The specification, 'MFA Reset Permissions & Account Hierarchy Rules'.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { desc, eq } from 'drizzle-orm'
import { mfaResets } from '../src/platform/db/schema/mfa-resets.ts'
import { users } from '../src/platform/db/schema/users.ts'
import type { TestApp } from './support/app.ts'
import type { Answer } from './support/browser.ts'
import {
  ADMIN,
  ADMIN2,
  Cast,
  CHILD_ADMIN,
  CHILD_TECH,
  DESK,
  DESK2,
  EVIDENCE,
  FOREIGN_ADMIN,
  GRANDCHILD_TECH,
  OPERATOR,
  TECH,
} from './support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble()
  app = cast.app
})
after(() => app.close())

async function resetsOf(email: string) {
  const { id } = await cast.app.userNamed(email)
  return app.deps.db.select().from(mfaResets).where(eq(mfaResets.userId, id)).orderBy(desc(mfaResets.id))
}

describe('MFA reset authority is isolated at the client account level', () => {
  test('the parent-account Admin cannot perform MFA resets for users of a child account, at any depth', async () => {
    await cast.comeBack(ADMIN)
    for (const target of [CHILD_TECH, CHILD_ADMIN, GRANDCHILD_TECH]) {
      await cast.comeBack(target)
      const answer = await cast.reset(ADMIN, target)

      assert.equal(answer.status, 403, target)
      assert.ok(await cast.activeAuthenticator(target))
      const events = await cast.people.eventsOf(target, 'mfa-reset.requested')
      const accounts = events.slice(0, 2).map(({ clientId, outcome }) => [clientId, outcome])
      const { clientId } = await cast.app.userNamed(target)
      assert.deepEqual(
        new Map(accounts as [string, string][]),
        new Map([
          [(await cast.app.userNamed(ADMIN)).clientId, 'refused'],
          [clientId, 'refused'],
        ]),
        'recorded in both accounts',
      )
    }
  })

  test('a child-account Admin can neither see nor reset users of the parent account', async () => {
    await cast.comeBack(CHILD_ADMIN)
    await cast.comeBack(TECH)
    assert.equal((await cast.reset(CHILD_ADMIN, TECH)).status, 404)
    assert.ok(await cast.activeAuthenticator(TECH))
  })

  test('an MFA reset of a foreign, an unknown and a malformed id gets the same answer', async () => {
    const admin = await cast.comeBack(ADMIN)
    const foreign = await cast.app.userNamed('tech@meridian.example')
    const normal = ({ status, body }: Answer) => [status, body.replace(/[0-9a-f-]{36}/g, 'ID')]
    const answers: unknown[] = []
    for (const id of [
      foreign.id,
      '01890000-0000-7000-8000-000000000000',
      'no-id',
      "' or 1=1",
      foreign.id.toUpperCase(),
    ])
      answers.push(normal(await admin.post(`/users/${encodeURIComponent(id)}/mfa-reset`, EVIDENCE)))

    assert.equal((answers[0] as [number])[0], 404)
    for (const answer of answers) assert.deepEqual(answer, answers[0])
    const [event] = await cast.people.eventsOf('tech@meridian.example', 'mfa-reset.requested')
    assert.equal(event?.details.refusal, 'unknown', 'on record, but not of which account they are')
    assert.equal(event?.details.clientId, undefined)
  })

  test('another account in body, query or header changes nothing', async () => {
    const admin = await cast.comeBack(ADMIN)
    const target = await cast.comeBack(CHILD_TECH).then(() => cast.app.userNamed(CHILD_TECH))
    const own = (await cast.app.userNamed(ADMIN)).clientId
    const before = [await cast.activeAuthenticator(CHILD_TECH), await resetsOf(CHILD_TECH)]

    const answer = await admin.post(
      `/users/${target.id}/mfa-reset?clientId=${own}`,
      { ...EVIDENCE, clientId: own, actorId: target.id, channel: 'service-desk' },
      { 'x-client-id': own },
    )

    assert.equal(answer.status, 403)
    assert.deepEqual([await cast.activeAuthenticator(CHILD_TECH), await resetsOf(CHILD_TECH)], before)
  })
})

describe('MFA resets over a three-level hierarchy and a foreign account', () => {
  const OWN: Record<string, number> = {
    [TECH]: 303,
    [ADMIN2]: 403,
    'support@harbour.example': 409,
    'new.tech@harbour.example': 409,
  }
  const matrix: Record<string, Record<string, number>> = {
    [ADMIN]: {
      ...OWN,
      [ADMIN]: 403,
      [CHILD_TECH]: 403,
      [CHILD_ADMIN]: 403,
      [GRANDCHILD_TECH]: 403,
      'tech@meridian.example': 404,
      [DESK]: 404,
      [OPERATOR]: 404,
    },
    [CHILD_ADMIN]: {
      [CHILD_TECH]: 303,
      [CHILD_ADMIN]: 403,
      [GRANDCHILD_TECH]: 403,
      [TECH]: 404,
      [ADMIN]: 404,
      'tech@meridian.example': 404,
    },
    [TECH]: {
      [TECH]: 403,
      [ADMIN]: 403,
      'support@harbour.example': 403,
      [CHILD_TECH]: 404,
      'tech@meridian.example': 404,
    },
    [FOREIGN_ADMIN]: {
      [TECH]: 404,
      [CHILD_TECH]: 404,
      [ADMIN]: 404,
      'tech@meridian.example': 409,
      [FOREIGN_ADMIN]: 403,
    },
    [DESK]: {
      [TECH]: 303,
      [ADMIN]: 303,
      [CHILD_ADMIN]: 303,
      [GRANDCHILD_TECH]: 303,
      'tech@meridian.example': 409,
      [DESK2]: 303,
      [OPERATOR]: 303,
      [DESK]: 403,
    },
    [OPERATOR]: { [TECH]: 404, [DESK]: 403, [OPERATOR]: 403, [ADMIN]: 404 },
  }

  for (const [actor, row] of Object.entries(matrix))
    describe(actor, () => {
      before(() => cast.comeBack(actor))

      for (const [target, expected] of Object.entries(row))
        test(`a reset of ${target} is answered ${expected}`, async () => {
          if (expected === 303 && !(await cast.activeAuthenticator(target))) await cast.enrol(target)
          const authenticatorBefore = await cast.activeAuthenticator(target)
          const resetsBefore = (await resetsOf(target)).length

          const answer = await cast.reset(actor, target)

          assert.equal(answer.status, expected)
          if (expected === 303) assert.equal(await cast.activeAuthenticator(target), undefined)
          else {
            assert.deepEqual(await cast.activeAuthenticator(target), authenticatorBefore, 'nothing changed')
            assert.equal((await resetsOf(target)).length, resetsBefore)
          }
        })
    })

  test('half-way, signed-out and disabled actors reset no user', async () => {
    await cast.comeBack(TECH)
    const { id } = await cast.app.userNamed(TECH)
    const anonymous = await app.browser().post(`/users/${id}/mfa-reset`, EVIDENCE)
    assert.equal(anonymous.location, '/sign-in')

    const halfway = app.browser()
    await halfway.signInWithPassword(ADMIN)
    assert.match(
      (await halfway.post(`/users/${id}/mfa-reset`, EVIDENCE)).location ?? '',
      /^\/mfa\/(enrol|verify)$/,
    )

    await cast.comeBack(ADMIN)
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.email, ADMIN))
    assert.equal((await cast.reset(ADMIN, TECH)).location, '/sign-in')
    await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.email, ADMIN))
    assert.ok(await cast.activeAuthenticator(TECH))
  })
})
