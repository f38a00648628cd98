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

const STARTS_AT = new Date('2026-04-01T09:00:00Z')
const TIMES = [new Date(STARTS_AT.getTime() - 1), STARTS_AT]

test('over every set of role groups held, every policy and both sides of a start the lists find the users whom the gate sends to enrol', async () => {
  assert.ok(REQUIRED_MISSING)
  const { db } = app.deps
  const people = new People(app)
  const ids: string[] = []
  for (const held of SUBSETS) {
    const { id } = await people.add('Harbour Retail', held.length > 0 ? held : ['admin'])
    if (held.length === 0) await db.delete(memberships).where(eq(memberships.userId, id))
    ids.push(id)
  }
  const clientId = await people.clientId('Harbour Retail')
  const idOf = new Map((await db.select().from(roleGroups)).map(({ id, key }) => [key, id]))

  for (const [index, policy] of SUBSETS.entries()) {
    await db.delete(mfaPolicies).where(eq(mfaPolicies.clientId, clientId))
    const later = SUBSETS[(7 * index + 3) % SUBSETS.length]?.filter((key) => !policy.includes(key)) ?? []
    const rows = [
      ...policy.map((key) => ({ key, startsAt: null })),
      ...later.map((key) => ({ key, startsAt: STARTS_AT })),
    ]
    for (const { key, startsAt } of rows)
      await db.insert(mfaPolicies).values({ clientId, roleGroupId: idOf.get(key) ?? '', startsAt })

    const persons = await Promise.all(ids.map((id) => readPerson(db, id)))
    for (const now of TIMES) {
      const account = { id: clientId, isPlatform: false, now }
      const { matching } = await readUserCounts(db, account, REQUIRED_MISSING)
      const page = await findUsers(db, account, REQUIRED_MISSING, { matching })
      const bySignIn = await findUsers(
        db,
        account,
        { ...REQUIRED_MISSING, sort: 'last-sign-in' },
        { matching },
      )
      const listed = new Set(page.ids)
      assert.equal(matching, listed.size, 'the count is that of the list')
      assert.deepEqual(new Set(bySignIn.ids), listed, 'in each order')
      for (const person of persons) {
        assert.ok(person)
        assert.equal(
          listed.has(person.id),
          mfaRequired(person, now),
          `${policy}, then ${later}, for ${person.roleGroups.map(({ key }) => key)}`,
        )
      }
    }
  }
})
