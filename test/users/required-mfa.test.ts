// Lists filter by the MFA rule in SQL. It must be the rule of the gate.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { mfaRequired } from '../../src/gate/mfa-required.ts'
import { readPerson } from '../../src/gate/read-person.queries.ts'
import { memberships, mfaPolicies, roleGroups } from '../../src/platform/db/schema/role-groups.ts'
import { findUsers } from '../../src/users/find-users.queries.ts'
import { readUserCounts } from '../../src/users/headcounts.queries.ts'
import { readUserFilters } from '../../src/users/user-filters.ts'
import { startApp, type TestApp } from '../support/app.ts'
import { People } from '../support/people.ts'

const KEYS = ['admin', 'finance-manager', 'finance-operator', 'tech-operator']
const SUBSETS = Array.from({ length: 2 ** KEYS.length }, (_, bits) =>
  KEYS.filter((_, index) => bits & (1 << index)),
)

const { filters: REQUIRED_MISSING } = readUserFilters({ mfa: 'required-missing' })

let app: TestApp
before(async () => {
  app = await startApp()
})
after(() => app.close())

test('over every set of role groups held and every policy the lists find the users whom the gate sends to enrol', async () => {
  assert.ok(REQUIRED_MISSING)
  const { db } = app.deps
  const people = new People(app)
  const ids: string[] = []
  for (const held of SUBSETS) {
    const { id } = await people.add('Harbour Retail', held.length > 0 ? held : ['admin'])
    if (held.length === 0) await db.delete(memberships).where(eq(memberships.userId, id))
    ids.push(id)
  }
  const account = { id: await people.clientId('Harbour Retail'), isPlatform: false }
  const idOf = new Map((await db.select().from(roleGroups)).map(({ id, key }) => [key, id]))

  for (const policy of SUBSETS) {
    await db.delete(mfaPolicies).where(eq(mfaPolicies.clientId, account.id))
    for (const key of policy)
      await db.insert(mfaPolicies).values({ clientId: account.id, roleGroupId: idOf.get(key) ?? '' })

    const { matching } = await readUserCounts(db, account, REQUIRED_MISSING)
    const page = await findUsers(db, account, REQUIRED_MISSING, { now: app.clock.now(), matching })
    const listed = new Set(page.ids)
    assert.equal(matching, listed.size, 'the count is that of the list')
    for (const id of ids) {
      const person = await readPerson(db, id)
      assert.ok(person)
      assert.equal(
        listed.has(id),
        mfaRequired(person),
        `${policy} for ${person.roleGroups.map(({ key }) => key)}`,
      )
    }
  }
})
