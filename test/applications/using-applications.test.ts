// Tiles on the home, and what Admins see of the applications that their people use.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { applications, applicationUses } from '../../src/platform/db/schema/applications.ts'
import { addApplication } from '../support/applications.ts'
import type { Browser } from '../support/browser.ts'
import { ADMIN, Cast, CHILD_ADMIN, DESK, FINANCE, FOREIGN_ADMIN, OPERATOR, TECH } from '../support/cast.ts'

let cast: Cast
let ids: Record<'open' | 'tech' | 'meridian' | 'closed' | 'mfa' | 'disabled', string>
before(async () => {
  cast = await Cast.assemble([ADMIN, CHILD_ADMIN, TECH, DESK, OPERATOR], [FINANCE, FOREIGN_ADMIN])
  const { db } = cast.app.deps
  const meridian = await cast.people.clientId('Meridian Foods')
  const add = async (given: Parameters<typeof addApplication>[1]) => (await addApplication(db, given)).id
  ids = {
    open: await add({ name: 'Open to all', icon: 'globe', address: 'https://open.example/start?a=1&b=2' }),
    tech: await add({ name: 'Consoles', roleGroups: ['tech-operator'] }),
    meridian: await add({ name: 'Foods', clients: [meridian] }),
    closed: await add({ name: 'Not yet', clients: [] }),
    mfa: await add({ name: 'Vault', requiresMfa: true }),
    disabled: await add({ name: 'Shut', disabledAt: new Date(0) }),
  }
  const use = async (applicationId: string, email: string, first: string, last: string) => {
    const { id: userId } = await cast.app.userNamed(email)
    await db
      .insert(applicationUses)
      .values({ applicationId, userId, firstUsedAt: new Date(first), lastUsedAt: new Date(last) })
  }
  await use(ids.open, TECH, '2026-01-01T10:00:00Z', '2026-03-01T10:00:00Z')
  await use(ids.open, FINANCE, '2026-02-01T10:00:00Z', '2026-02-02T10:00:00Z')
  await use(ids.tech, TECH, '2026-02-05T10:00:00Z', '2026-02-05T10:00:00Z')
  await use(ids.mfa, CHILD_ADMIN, '2026-02-07T10:00:00Z', '2026-02-08T10:00:00Z')
  await use(ids.meridian, FOREIGN_ADMIN, '2026-02-09T10:00:00Z', '2026-02-09T10:00:00Z')
})
after(() => cast.app.close())

/** The tiles of the Home, which is '/ops' for operators, by application, and whether they need MFA. */
async function tilesOf(browser: Browser): Promise<Record<string, string>> {
  const home = await browser.get('/')
  const { status, body } = home.status === 303 ? await browser.get(home.location ?? '') : home
  assert.equal(status, 200)
  return Object.fromEntries(
    [...body.matchAll(/<li data-application-id="([^"]+)" data-needs-mfa="([^"]+)">/g)].map(
      ([, id = '', needs = '']) => [id, needs],
    ),
  )
}

describe('tiles', () => {
  test('every signed-in person sees the applications that they may enter, with or without rights to administer', async () => {
    assert.deepEqual(await tilesOf(cast.as(TECH)), { [ids.open]: 'no', [ids.tech]: 'no', [ids.mfa]: 'no' })
    for (const email of [ADMIN, CHILD_ADMIN, DESK, OPERATOR])
      assert.deepEqual(await tilesOf(cast.as(email)), { [ids.open]: 'no', [ids.mfa]: 'no' }, email)
  })

  test('an application that demands MFA is shown to a person without it, and says what it needs', async () => {
    assert.deepEqual(await tilesOf(cast.as(FINANCE)), { [ids.open]: 'no', [ids.mfa]: 'yes' })
    assert.match(cast.as(FINANCE).last.body, /needs your authenticator/)
  })

  test('an application of chosen accounts is shown to their people only', async () => {
    assert.ok(ids.meridian in (await tilesOf(cast.as(FOREIGN_ADMIN))))
    assert.ok(!(ids.meridian in (await tilesOf(cast.as(ADMIN)))))
  })

  test('a tile leads to the address of its application', async () => {
    const { body } = await cast.as(TECH).get('/')
    assert.match(body, /<a href="https:\/\/open\.example\/start\?a=1&amp;b=2">/)
  })

  test('a disabled application has no tile from the next click on', async () => {
    const { db } = cast.app.deps
    await db.update(applications).set({ disabledAt: new Date() }).where(eq(applications.id, ids.tech))
    assert.ok(!(ids.tech in (await tilesOf(cast.as(TECH)))))
    await db.update(applications).set({ disabledAt: null }).where(eq(applications.id, ids.tech))
  })

  test('where there is nothing to enter, the home shows no section of applications', async () => {
    const { db } = cast.app.deps
    await db.update(applications).set({ disabledAt: new Date() })
    assert.doesNotMatch((await cast.as(TECH).get('/')).body, /Your applications/)
    await db.update(applications).set({ disabledAt: null })
    await db
      .update(applications)
      .set({ disabledAt: new Date(0) })
      .where(eq(applications.id, ids.disabled))
  })
})

describe('what is seen of the use of applications', () => {
  test('an Admin sees what people of their account use, how many and since when, and nothing else', async () => {
    const { status, body } = await cast.as(ADMIN).get('/applications')

    assert.equal(status, 200)
    const rows = [...body.matchAll(/<tr role="row" data-application-id="([^"]+)">(.*?)<\/tr>/gs)]
    assert.deepEqual(
      rows.map(([, id]) => id),
      [ids.tech, ids.open],
    )
    const [, , open = ''] = rows[1] ?? []
    assert.match(open, /<span>2<\/span>/)
    assert.match(open, /datetime="2026-01-01T10:00:00.000Z".*datetime="2026-03-01T10:00:00.000Z"/s)
    assert.doesNotMatch(body, /Register an application|Vault|Foods/)
  })

  test('the Service Desk sees every application, with its rule of entry and its use', async () => {
    const { body } = await cast.as(DESK).get('/applications')

    for (const part of ['Open to all', 'Consoles', 'Foods', 'Not yet', 'Vault', 'Shut'])
      assert.ok(body.includes(part), part)
    assert.match(body, /Tech Operator, of every account/)
    assert.match(body, /of Meridian Foods/)
    assert.match(body, /but no account is chosen yet/)
    assert.match(body, /2 people, last/)
    assert.match(body, /Not used yet/)
    const found = await cast.as(DESK).get('/applications?q=vau')
    assert.ok(found.body.includes('Vault') && !found.body.includes('Consoles'))
  })

  test('for people without rights to administer, and for Operators, the list does not exist', async () => {
    for (const email of [TECH, FINANCE, OPERATOR])
      assert.equal((await cast.as(email).get('/applications')).status, 404, email)
  })

  test('the navigation leads Admins and the Service Desk to it, and no one else', async () => {
    const leads = async (email: string) =>
      (await cast.as(email).get('/')).body.includes('href="/applications"')
    assert.deepEqual(await Promise.all([ADMIN, DESK].map(leads)), [true, true])
    assert.deepEqual(await Promise.all([TECH, FINANCE, OPERATOR].map(leads)), [false, false, false])
  })

  test('an Admin of the parent account sees it of a child account, and not of an unrelated one', async () => {
    const retail = await cast.people.clientId('Harbour Retail')
    assert.match((await cast.as(ADMIN).get(`/clients/${retail}`)).body, /Vault/)
    assert.equal((await cast.as(FOREIGN_ADMIN).get(`/clients/${retail}`)).status, 404)
  })

  test('the page of a user names the applications that they have used', async () => {
    const { id } = await cast.app.userNamed(TECH)
    const { body } = await cast.as(ADMIN).get(`/users/${id}`)
    const [section = ''] = /<section class="history" id="applications".*?<\/section>/s.exec(body) ?? []
    assert.match(section, /Open to all.*Consoles/s)
    assert.doesNotMatch(section, /Vault/)
  })
})
