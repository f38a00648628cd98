// Spec: "Admins cannot reset MFA for other Admins; such cases require Azupay Service Desk intervention". The lists on
// Home, the helper that pages name and the rule of the reset each state this, and must agree.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eq, inArray } from 'drizzle-orm'
import { adminsOf } from '../../src/access/admins.queries.ts'
import { isHelpedByDesk } from '../../src/gate/helper-of.ts'
import { readPerson } from '../../src/gate/read-person.queries.ts'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { notifications } from '../../src/platform/db/schema/notifications.ts'
import { resetRequests } from '../../src/platform/db/schema/reset-requests.ts'
import { roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import type { TestApp } from '../support/app.ts'
import { ADMIN, Cast, DESK } from '../support/cast.ts'

let cast: Cast
let app: TestApp
before(async () => {
  cast = await Cast.assemble([ADMIN, DESK], [])
  app = cast.app
})
after(() => app.close())

/** A person who signs in with the password and asks for a reset. */
async function asks(account: string, keys: readonly string[]): Promise<string> {
  const user = await cast.people.add(account, keys)
  await cast.people.enrol(user.id)
  const browser = app.browser()
  await browser.signInWithPassword(user.email)
  assert.equal((await browser.post('/reset-requests')).location, '/mfa/verify')
  assert.equal(await app.deps.db.$count(resetRequests, eq(resetRequests.userId, user.id)), 1)
  return user.id
}

async function isOnHomeOf(viewer: string, userId: string): Promise<boolean> {
  const { status, body } = await cast.as(viewer).get('/')
  assert.equal(status, 200)
  return body.includes(`data-reset-request="${userId}"`)
}

test('for every role group, the lists on Home, the named helper and the rule of the reset name the same helper', async () => {
  const [platform] = await app.deps.db.select().from(clients).where(eq(clients.isPlatform, true))
  assert.ok(platform)
  const groups = await app.deps.db.select().from(roleGroups)
  const ofClients = groups.filter(({ ofPlatform }) => !ofPlatform)
  const sets = [
    ...groups.map((group) => [group]),
    ...ofClients
      .filter(({ isAdmin }) => !isAdmin)
      .map((group) => [group, ...ofClients.filter((g) => g.isAdmin)]),
  ]
  const helpers = new Set<boolean>()

  for (const held of sets) {
    const keys = held.map(({ key }) => key)
    const id = await asks(held[0]?.ofPlatform ? platform.name : 'Harbour Group', keys)

    const person = await readPerson(app.deps.db, id)
    assert.ok(person)
    const byDesk = isHelpedByDesk(person)
    const adminMayReset = (await cast.as(ADMIN).get(`/users/${id}/mfa-reset`)).status === 200
    const lists = [await isOnHomeOf(DESK, id), await isOnHomeOf(ADMIN, id)]
    assert.deepEqual([adminMayReset, ...lists], [!byDesk, byDesk, !byDesk], keys.join(' and '))
    helpers.add(byDesk)
  }
  assert.equal(helpers.size, 2, 'some are helped by the Service Desk and some by Admins')
})

test('the Service Desk sees and is mailed the request of a person whose account has no active Admin', async () => {
  const { db } = app.deps
  const agent = await app.userNamed(DESK)
  const mailed = () => db.$count(notifications, eq(notifications.recipientId, agent.id))
  const withAdmin = await asks('Harbour Retail', ['tech-operator'])
  assert.equal(await isOnHomeOf(DESK, withAdmin), false)
  const before = await mailed()

  await db
    .update(users)
    .set({ status: 'disabled' })
    .where(inArray(users.id, await adminsOf(db, await cast.people.clientId('Harbour Retail'))))
  const withoutAdmin = await asks('Harbour Retail', ['tech-operator'])

  assert.equal((await mailed()) - before, 1)
  assert.equal(await isOnHomeOf(DESK, withoutAdmin), true)
  assert.equal(await isOnHomeOf(DESK, withAdmin), true, 'also a request from before')
  assert.equal(await isOnHomeOf(ADMIN, withoutAdmin), false, 'the Admin of the parent account only looks')
})
