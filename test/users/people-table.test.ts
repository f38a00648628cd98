// The table of people: its order, its pages, its filters, and the way back to it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { users } from '../../src/platform/db/schema/users.ts'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { TestApp } from '../support/app.ts'
import { ADMIN, Cast, CHILD_ADMIN, DESK, FINANCE, TECH } from '../support/cast.ts'

let cast: Cast
let app: TestApp

before(async () => {
  cast = await Cast.assemble([ADMIN, TECH, CHILD_ADMIN, DESK], [FINANCE])
  app = cast.app
})
after(() => app.close())

const namesOn = (html: string) =>
  [...html.matchAll(/<th role="rowheader"[^>]*>\s*<a[^>]*>([^<]+)</g)].map(([, name]) => name)
const linkOn = (html: string, rel: string) =>
  new RegExp(`href="([^"]+)" rel="${rel}"`).exec(html)?.[1]?.replaceAll('&amp;', '&')
const page = async (path: string, email = ADMIN) => {
  const answer = await cast.as(email).get(path)
  assert.equal(answer.status, 200, path)
  return answer.body
}
const idOf = async (email: string) => (await app.userNamed(email)).id

async function lock(email: string): Promise<void> {
  const guesser = app.browser()
  for (let guess = 0; guess < 5; guess += 1) await guesser.signInWithPassword(email, 'not the right password')
}

describe('order', () => {
  test('names are sorted as people sort them, and their beginnings found without accents', async () => {
    const renamed = [
      ['support@harbour.example', 'Zoë Haddad'],
      [FINANCE, 'Émile Gallagher'],
    ] as const
    for (const [email, name] of renamed)
      await app.deps.db.update(users).set({ name }).where(eq(users.email, email))

    assert.deepEqual(namesOn(await page('/users')), [
      'Amara Okafor',
      'Émile Gallagher',
      'Lucas Lindqvist',
      'Nina Kowalska',
      'Theo Marchetti',
      'Zoë Haddad',
    ])
    assert.deepEqual(namesOn(await page('/users?q=emi')), ['Émile Gallagher'])
  })

  test('the list is sorted by name, status and last sign-in, in both directions, and says so', async () => {
    const byName = namesOn(await page('/users'))
    assert.deepEqual(namesOn(await page('/users?sort=-name')), byName.toReversed())
    const byStatus = await page('/users?sort=status')
    assert.deepEqual(namesOn(byStatus), [
      'Lucas Lindqvist',
      'Nina Kowalska',
      'Amara Okafor',
      'Theo Marchetti',
      'Émile Gallagher',
      'Zoë Haddad',
    ])
    assert.match(
      byStatus,
      /aria-sort="ascending"><a class="sort" href="\/users\?sort=-status" id="sort-status"/,
    )
    assert.deepEqual(namesOn(await page('/users?sort=-status')), namesOn(byStatus).toReversed())
    const bySignIn = await page('/users?sort=last-sign-in')
    assert.deepEqual(namesOn(bySignIn).slice(0, 3), ['Émile Gallagher', 'Theo Marchetti', 'Amara Okafor'])
    assert.match(bySignIn, /aria-sort="descending"><a class="sort" href="\/users\?sort=-last-sign-in"/)
    assert.deepEqual(
      namesOn(await page('/users?sort=-last-sign-in')),
      namesOn(bySignIn).toReversed(),
      'who never signed in comes first',
    )
  })

  test('a locked user comes first by status', async () => {
    await lock(TECH)

    const body = await page('/users?sort=status')

    assert.equal(namesOn(body)[0], 'Theo Marchetti')
    assert.match(body, /Locked 15 min/)
    assert.deepEqual(namesOn(await page('/users?locked=yes')), ['Theo Marchetti'])
    assert.deepEqual(namesOn(await page('/users?locked=yes&status=invited')), [])
    assert.match(await page('/users?locked=yes'), /Filters: 1 of 6 people/)
    app.clock.advance(16 * MINUTE)
    assert.deepEqual(namesOn(await page('/users?locked=yes')), [])
  })
})

describe('filters', () => {
  test('a person is found with the surname first', async () => {
    for (const q of ['Marchetti Theo', 'marchetti, theo', 'theo marchetti'])
      assert.deepEqual(namesOn(await page(`/users?${new URLSearchParams({ q })}`)), ['Theo Marchetti'], q)
    assert.deepEqual(namesOn(await page('/users?q=marchetti+amara')), [])
  })

  test('the list says how many of how many people the filters leave', async () => {
    assert.match(await page('/users'), /<span>6 people<\/span>/)
    assert.match(await page('/users?mfa=required-missing'), /Filters: 2 of 6 people/)
    assert.match(await page('/users?q=theo&sort=status'), /Filters: 1 of 6 people/)
  })

  test('nothing is missing of a disabled user, in the list and in its count', async () => {
    const id = await idOf('admin2@harbour.example')
    await app.deps.db.update(users).set({ status: 'disabled' }).where(eq(users.id, id))

    const body = await page('/users?mfa=required-missing')

    assert.deepEqual(namesOn(body), ['Nina Kowalska'])
    assert.match(body, /Filters: 1 of 6 people/)
    assert.deepEqual(namesOn(await page('/users?mfa=required-missing&status=disabled')), [])
    await app.deps.db.update(users).set({ status: 'active' }).where(eq(users.id, id))
  })

  test('an invalid lock filter is named beside its field', async () => {
    const answer = await cast.as(ADMIN).get('/users?locked=perhaps')

    assert.equal(answer.status, 422)
    assert.match(answer.body, /id="locked-problem"/)
  })
})

describe('the way back', () => {
  const LIST = '/users?role=tech-operator&sort=status'
  const NEW_TECH = 'new.tech@harbour.example'
  const offered = new Set<string>()
  const tried = new Set<string>()

  const rowOf = (html: string, id: string) =>
    new RegExp(`<tr id="user-${id}".*?</tr>`, 's').exec(html)?.[0] ?? ''

  /** Follows an act from the row of a user; returns the row after it. */
  async function actFromRow(
    email: string,
    act: string,
    fields: Record<string, string> = {},
  ): Promise<string> {
    const id = await idOf(email)
    const path = `/users/${id}/${act}?${new URLSearchParams({ back: LIST })}`
    const row = rowOf(await page(LIST), id)
    for (const [, name = ''] of row.matchAll(/href="\/users\/[^/"]+\/([^?"]+)\?back=/g)) offered.add(name)
    assert.ok(row.includes(`href="${path}"`), `${act} is offered`)
    const cancel = `href="${LIST.replaceAll('&', '&amp;')}#user-${id}">Cancel`
    assert.ok((await page(path)).includes(cancel), `Cancel of ${act}`)

    const admin = cast.as(ADMIN)
    const done = await admin.post(path, { reason: 'As asked', presence: admin.nextCode(), ...fields })

    assert.equal(done.status, 303, act)
    assert.equal(done.location, `${LIST}#user-${id}`)
    tried.add(act)
    return rowOf(await page(LIST), id)
  }

  test('the row of a reset is marked and watched', async () => {
    const row = await actFromRow(TECH, 'mfa-reset')

    assert.match(row, /class="marked" data-watched/)
    const [, href = ''] = /hx-get="([^"]+)"/.exec(row) ?? []
    const polled = await page(href.replaceAll('&amp;', '&'))
    assert.match(polled, /class="marked" data-watched/)
    assert.match(polled, /data-reset="requested"/)
    assert.ok(polled.includes(`/role-groups?back=${encodeURIComponent(LIST)}`), 'its acts lead back as well')
  })

  test('every act that a row offers, and its Cancel, lead back to the same row, which is marked', async () => {
    await lock(TECH)
    const acts: [string, string, Record<string, string>?][] = [
      [TECH, 'unlock'],
      [TECH, 'profile', { name: 'Theo Marchetti' }],
      [TECH, 'role-groups', { roleGroups: 'tech-operator' }],
      [TECH, 'disable'],
      [TECH, 'enable'],
      [NEW_TECH, 'invitation'],
    ]
    for (const [email, act, fields] of acts)
      assert.match(await actFromRow(email, act, fields), /^<tr id="[^"]*"[^>]* class="marked"/, act)
    assert.equal(await actFromRow(NEW_TECH, 'invitation/withdraw'), '', 'the row is gone')

    assert.deepEqual([...offered].toSorted(), [...tried].toSorted())
    assert.doesNotMatch(
      await page(`/clients/${await cast.people.clientId('Harbour Retail')}/users`),
      /"marked"/,
    )
  })

  test('an address of another origin, or of another page, is not taken', async () => {
    const id = await idOf(FINANCE)
    for (const back of [
      'https://evil.example/users',
      '//evil.example/users',
      '/\\evil.example',
      '/account',
      '/users/../account',
      'users',
    ])
      assert.match(
        await page(`/users/${id}/disable?${new URLSearchParams({ back })}`),
        new RegExp(`href="/users/${id}">Cancel`),
        back,
      )
  })

  test('an act of the Service Desk leads back to what was searched for', async () => {
    const id = await idOf(FINANCE)
    const desk = cast.as(DESK)

    const done = await desk.post(
      `/users/${id}/role-groups?${new URLSearchParams({ back: '/service-desk?q=gallagher' })}`,
      {
        roleGroups: 'finance-operator',
        ticket: 'SD-1',
        reason: 'As asked',
        presence: desk.nextCode(),
      },
    )

    assert.equal(done.location, `/service-desk?q=gallagher#user-${id}`)
    const body = await page('/service-desk?q=gallagher', DESK)
    assert.match(body, /The role groups of Émile Gallagher are saved/)
    assert.match(body, /class="marked"/)
  })
})

describe('pages', () => {
  test('the next and the previous page lead through every order without losing or repeating a user', async () => {
    for (let index = 0; index < 120; index += 1)
      await cast.people.add('Harbour Retail', [
        ['admin', 'tech-operator', 'finance-operator'][index % 3] ?? '',
      ])
    await app.database.sql`
      update users set status = 'disabled' where id in (
        select id from users where client_id = ${await cast.people.clientId('Harbour Retail')} and status = 'invited'
        order by id limit 7)`
    for (const query of [
      '',
      'sort=-name',
      'sort=status',
      'sort=-status',
      'sort=last-sign-in',
      'sort=-last-sign-in',
      'q=e',
      'q=e&sort=status',
      'role=tech-operator&sort=status',
      'mfa=not-enrolled&sort=-status',
    ]) {
      const forth: string[][] = []
      for (let path: string | undefined = `/users?${query}`; path; ) {
        const body: string = await page(path, CHILD_ADMIN)
        forth.push([...body.matchAll(/data-user-id="([^"]+)"/g)].map(([, id = '']) => id))
        path = linkOn(body, 'next')
        if (path) continue
        const back: string[][] = [forth.at(-1) ?? []]
        for (let previous = linkOn(body, 'prev'); previous; ) {
          const before: string = await page(previous, CHILD_ADMIN)
          back.unshift([...before.matchAll(/data-user-id="([^"]+)"/g)].map(([, id = '']) => id))
          previous = linkOn(before, 'prev')
        }
        assert.deepEqual(back, forth, `${query} back`)
      }
      const ids = forth.flat()
      assert.equal(new Set(ids).size, ids.length, query)
      const [, of = ''] =
        /<span>(?:Filters: )?(\d+)(?: of \d+)? people/.exec(await page(`/users?${query}`, CHILD_ADMIN)) ?? []
      if (!query.startsWith('q')) assert.equal(ids.length, Number(of), `${query} is whole`)
    }
  })
})
