// The audit log of an account and those below it, and all events of one person.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { clients } from '../../src/platform/db/schema/clients.ts'
import { AuditFixture, nextOn } from './audit-fixture.ts'

const AMARA = 'admin@harbour.example'
const ROSA = 'admin@retail.harbour.example'
const DANIEL = 'desk@platform.example'

const fixture = new AuditFixture()
before(() => fixture.open(AMARA, ROSA, DANIEL))
after(() => fixture.close())

const EVENTS = 130
const in2025 = { from: '2025-01-01', to: '2025-12-31' }

async function read(email: string, query: Record<string, string>, log = '/audit') {
  return fixture.as(email).get(`${log}?${new URLSearchParams({ ...in2025, ...query })}`)
}

const accountsOn = (html: string) => [
  ...new Set([...html.matchAll(/ <span class="note">([^<]+)<\/span><\/summary>/g)].map(([, name]) => name)),
]

let theo = ''
let mei = ''
let retail = ''
before(async () => {
  const group = await fixture.clientId('Harbour Group')
  retail = await fixture.clientId('Harbour Retail')
  const online = await fixture.clientId('Harbour Online')
  const meridian = await fixture.clientId('Meridian Foods')
  const [wharf] = await fixture.db
    .insert(clients)
    .values({ name: 'Harbour Wharf', parentId: group })
    .returning()
  assert.ok(wharf)
  theo = await fixture.userId('tech@harbour.example')
  mei = await fixture.userId('tech@online.harbour.example')
  const tomasz = await fixture.userId('tech@meridian.example')
  const accounts = [group, retail, online, wharf.id]
  await fixture.happened(
    ...Array.from({ length: EVENTS }, (_, number) => ({
      clientId: accounts[number % accounts.length],
      at: new Date(Date.UTC(2025, 2, 1) + Math.floor(number / 3) * 1000),
      subjectId: number % accounts.length === 2 ? mei : theo,
      action: number % 5 ? ('password.changed' as const) : ('mfa-reset.requested' as const),
      outcome: number % 5 ? ('success' as const) : ('refused' as const),
      actorId: number % 5 ? null : theo,
    })),
    { clientId: meridian, at: new Date('2025-04-01T00:00:00Z'), subjectId: tomasz },
  )
})

describe('the audit log with the accounts below', () => {
  test('a parent’s Admin reads the events of the whole tree, each with its account, and only with the filter', async () => {
    const { body } = await read(AMARA, { below: 'yes' })
    const alone = await read(AMARA, {})

    assert.deepEqual(accountsOn(body).toSorted(), [
      'Harbour Group',
      'Harbour Online',
      'Harbour Retail',
      'Harbour Wharf',
    ])
    assert.match(body, /<option value="yes" selected>This account and those below/)
    assert.deepEqual(accountsOn(alone.body), [])
    assert.doesNotMatch(alone.body, /Mei-Ling/)
  })

  test('an Admin of an account in the middle reads no event of a sibling or of the account above', async () => {
    const { status, body } = await read(ROSA, { below: 'yes' })

    assert.equal(status, 200)
    assert.deepEqual(accountsOn(body).toSorted(), ['Harbour Online', 'Harbour Retail'])
    assert.doesNotMatch(body, /Wharf|Harbour Group|Meridian|of Theo/)
    const group = await fixture.clientId('Harbour Group')
    assert.equal((await read(ROSA, { below: 'yes' }, `/clients/${group}/audit`)).status, 404)
  })

  test('the Service Desk reads the events of a tree, and no event of an account outside it', async () => {
    const group = await fixture.clientId('Harbour Group')
    const { body } = await read(DANIEL, { below: 'yes' }, `/clients/${group}/audit`)

    assert.ok(accountsOn(body).includes('Harbour Wharf'))
    assert.doesNotMatch(body, /Meridian|Tomasz/)
  })

  for (const [filters, found] of [
    [{}, EVENTS],
    [{ action: 'mfa-reset.requested', outcome: 'refused' }, EVENTS / 5],
    [{ outcome: 'success' }, (EVENTS * 4) / 5],
    [{ actor: 'tech@harbour.example', outcome: 'refused' }, EVENTS / 5],
    [{ q: 'mei-ling' }, 32],
  ] as const)
    test(`the pages of a tree have every event exactly once, in order, with ${JSON.stringify(filters)}`, async () => {
      const ids: string[] = []
      const times: string[] = []
      let page = await read(AMARA, { ...filters, below: 'yes' })
      for (let pages = 1; ; pages += 1) {
        assert.ok(pages < 10)
        ids.push(...[...page.body.matchAll(/Event id<\/dt><dd>([^<]+)/g)].map(([, id = '']) => id))
        times.push(
          ...[...page.body.matchAll(/class="when"><time datetime="([^"]+)/g)].map(([, at = '']) => at),
        )
        const next = nextOn(page.body)
        if (!next) break
        page = await fixture.as(AMARA).get(next)
      }

      assert.equal(ids.length, found)
      assert.equal(new Set(ids).size, found)
      assert.deepEqual(times, times.toSorted().reverse())
    })

  test('a cursor of an account outside the tree leads nowhere', async () => {
    const [id = ''] = await fixture.happened({ clientId: await fixture.clientId('Meridian Foods') })

    assert.match((await read(AMARA, { below: 'yes', after: id })).body, /Nothing matches/)
  })

  test('a file holds the events of one account: a tree is refused, in words', async () => {
    const { body } = await read(AMARA, { below: 'yes' })
    const file = await read(AMARA, { below: 'yes' }, '/audit.csv')

    assert.doesNotMatch(body, /href="\/audit\.csv/)
    assert.equal(file.status, 422)
    assert.match(file.body, /A file holds the events of one account/)
  })

  test('an account without accounts below offers no such filter', async () => {
    const online = await fixture.clientId('Harbour Online')

    assert.doesNotMatch((await read(AMARA, {}, `/clients/${online}/audit`)).body, /name="below"/)
    assert.equal((await read(AMARA, { below: 'perhaps' })).status, 422)
  })
})

describe('all events of a person', () => {
  const hrefOn = (html: string) =>
    /<a href="([^"]+)">All events of/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''

  test('the page of a person leads to what they did and what concerns them, in their account and below', async () => {
    const href = hrefOn((await fixture.as(AMARA).get(`/users/${theo}`)).body)
    assert.equal(href, `/audit?below=yes&person=${theo}`)

    const { status, body } = await fixture.as(AMARA).get(`${href}&from=2025-01-01&to=2025-12-31`)

    assert.equal(status, 200)
    assert.match(body, /value="Theo Marchetti" readonly/)
    assert.deepEqual(accountsOn(body).toSorted(), [
      'Harbour Group',
      'Harbour Online',
      'Harbour Retail',
      'Harbour Wharf',
    ])
    assert.doesNotMatch(body, /The password of Mei-Ling/)
    // He was the actor of these in the account of another.
    assert.match((await fixture.as(AMARA).get(`${href}&action=mfa-reset.requested`)).body, /Mei-Ling Chen/)
  })

  test('a parent’s Admin and the Service Desk come from the page of a person below to their events', async () => {
    for (const email of [AMARA, DANIEL]) {
      const href = hrefOn((await fixture.as(email).get(`/users/${mei}`)).body)
      const { body } = await fixture.as(email).get(href)

      assert.match(href, /^\/clients\/[0-9a-f-]+\/audit\?below=yes&person=/)
      assert.match(body, /The password of Mei-Ling Chen was changed\./)
    }
  })

  test('the events of a person above or elsewhere are not for an Admin, and their name does not show', async () => {
    for (const id of [
      theo,
      await fixture.userId('tech@meridian.example'),
      '0197e1a0-0000-7000-8000-000000000000',
      'x',
    ]) {
      const { status, body } = await read(ROSA, { person: id })

      assert.equal(status, 422, id)
      assert.match(body, /There is no such person/)
      assert.doesNotMatch(body, /Theo|Tomasz/)
      assert.equal((await read(ROSA, { person: id }, '/audit.csv')).status, 422)
    }
    assert.equal((await read(ROSA, { person: mei })).status, 200)
  })

  test('one person and a part of a name are not searched for together', async () => {
    assert.equal((await read(AMARA, { person: theo, q: 'mei' })).status, 422)
  })
})
