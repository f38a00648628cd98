// The audit log narrowed down: by person, action, outcome, actor and time; page by page; and what makes no sense.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { recentDays } from '../../src/audit-log/audit-filters.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { AuditFixture, nextOn, sentencesOn } from './audit-fixture.ts'

const AMARA = 'admin@harbour.example'
const ROSA = 'admin@retail.harbour.example'
const DANIEL = 'desk@platform.example'

const fixture = new AuditFixture()
before(() => fixture.open(AMARA, ROSA, DANIEL))
after(() => fixture.close())

async function found(query: Record<string, string>, email = AMARA, log = '/audit'): Promise<string[]> {
  const { status, body } = await fixture.as(email).get(`${log}?${new URLSearchParams(query)}`)
  assert.equal(status, 200)
  return sentencesOn(body)
}

test('usual stretches of time begin at a day of the reader', () => {
  const newYear = new Date('2026-01-01T03:00:00Z')

  assert.deepEqual(recentDays(newYear, 'UTC'), [
    { label: 'Today', from: '2026-01-01' },
    { label: 'Last 7 days', from: '2025-12-26' },
    { label: 'Last 30 days', from: '2025-12-03' },
  ])
  assert.equal(recentDays(newYear, 'America/New_York')[0]?.from, '2025-12-31')
})

describe('filters of the audit log', () => {
  before(async () => {
    const clientId = await fixture.clientId('Harbour Group')
    const [amara, theo, fiona, ravi, marta, daniel] = await Promise.all(
      [
        AMARA,
        'tech@harbour.example',
        'finance@harbour.example',
        'tech@retail.harbour.example',
        'admin@meridian.example',
        DANIEL,
      ].map((email) => fixture.userId(email)),
    )
    const onDay = (day: string) => ({ clientId, at: new Date(`${day}T10:00:00Z`) })
    await fixture.happened(
      { ...onDay('2025-01-01'), action: 'password.changed', actorId: theo, subjectId: theo },
      { ...onDay('2025-01-02'), action: 'mfa-reset.requested', actorId: amara, subjectId: theo },
      { ...onDay('2025-01-03'), action: 'mfa-reset.requested', actorId: daniel, subjectId: amara },
      {
        ...onDay('2025-01-04'),
        action: 'mfa-reset.requested',
        outcome: 'refused',
        actorId: amara,
        subjectId: ravi,
      },
      {
        ...onDay('2025-01-05'),
        action: 'mfa-reset.requested',
        outcome: 'refused',
        actorId: amara,
        subjectId: marta,
      },
      { ...onDay('2025-01-06'), action: 'sign-in.password', outcome: 'failure', subjectId: fiona },
      { ...onDay('2025-01-07'), action: 'sign-out', actorId: fiona, subjectId: fiona },
    )
  })
  const in2025 = { from: '2025-01-01', to: '2025-12-31' }

  test('a filter finds actors and subjects by a part of their name or address', async () => {
    assert.deepEqual(await found({ ...in2025, q: 'THEO mar' }), [
      'Amara Okafor reset the MFA of Theo Marchetti.',
      'The password of Theo Marchetti was changed.',
    ])
    assert.deepEqual(await found({ ...in2025, q: 'finance@' }), [
      'Fiona Gallagher signed out.',
      'A wrong password was entered for Fiona Gallagher.',
    ])
    assert.deepEqual(await found({ ...in2025, q: 'achterberg' }), [
      'Daniel Achterberg of the Service Desk reset the MFA of Amara Okafor.',
    ])
    assert.deepEqual(await found({ ...in2025, q: '%%%' }), [], 'wildcards mean themselves')
  })

  test('filters find one kind of event and one outcome, each alone and both together', async () => {
    assert.equal((await found({ ...in2025, action: 'mfa-reset.requested' })).length, 4)
    assert.deepEqual(await found({ ...in2025, outcome: 'failure' }), [
      'A wrong password was entered for Fiona Gallagher.',
    ])
    assert.deepEqual(await found({ ...in2025, action: 'mfa-reset.requested', outcome: 'refused' }), [
      'Amara Okafor was not allowed to reset the MFA of a person of another account.',
      'Amara Okafor was not allowed to reset the MFA of Ravi Menon.',
    ])
  })

  test('a filter finds the acts of one person by e-mail address or id', async () => {
    const byAddress = await found({ ...in2025, actor: 'Admin@Harbour.example' })

    assert.equal(byAddress.length, 3)
    assert.ok(byAddress.every((sentence) => sentence.startsWith('Amara Okafor')))
    assert.deepEqual(await found({ ...in2025, actor: await fixture.userId(AMARA) }), byAddress)
    assert.deepEqual(await found({ ...in2025, actor: 'nobody@harbour.example' }), [])
    assert.deepEqual(await found({ ...in2025, actor: AMARA, q: 'theo', action: 'mfa-reset.requested' }), [
      'Amara Okafor reset the MFA of Theo Marchetti.',
    ])
    assert.deepEqual(await found({ ...in2025, actor: AMARA, q: 'fiona' }), [])
  })

  test('a filter finds a time span: whole days, or instants with their own time zone', async () => {
    const days = async (from: string, to: string) => (await found({ from, to })).length

    assert.equal(await days('2025-01-02', '2025-01-04'), 3)
    assert.equal(await days('2025-01-02T10:00', '2025-01-04T10:00:00Z'), 3)
    assert.equal(await days('2025-01-02T10:00:01', '2025-01-04T09:59:59'), 1)
    assert.equal(await days('2025-01-02T12:00+02:00', '2025-01-02T12:00+02:00'), 1)
    assert.equal(await days('', '2025-01-01'), 1)
    assert.equal(await days('2025-01-07', '2025-01-07'), 1)
  })

  test('all filters work together', async () => {
    assert.deepEqual(
      await found({
        q: 'menon',
        action: 'mfa-reset.requested',
        outcome: 'refused',
        actor: AMARA,
        from: '2025-01-04',
        to: '2025-01-04',
      }),
      ['Amara Okafor was not allowed to reset the MFA of Ravi Menon.'],
    )
  })

  test('the page says so when no event matches', async () => {
    const { body } = await fixture.as(AMARA).get('/audit?from=2024-01-01&to=2024-01-02')

    assert.match(body, /Nothing matches\. Try fewer filters/)
    assert.match(body, /href="\/audit">Show everything/)
  })

  test('a filter never finds a person by a name that is left out', async () => {
    for (const q of ['marta', 'admin@meridian', 'johansson']) assert.deepEqual(await found({ q }), [], q)
    const harbour = `/clients/${await fixture.clientId('Harbour Group')}/audit`
    assert.deepEqual(await found({ ...in2025, q: 'johansson' }, DANIEL, harbour), [
      'Amara Okafor was not allowed to reset the MFA of Marta Johansson.',
    ])
  })

  test('a filter finds events by a name that fits very many people', async () => {
    const clientId = await fixture.clientId('Harbour Group')
    const many = await fixture.db
      .insert(users)
      .values(
        Array.from({ length: 30 }, (_, number) => ({
          clientId,
          name: `Zelda ${number}`,
          email: `z${number}@harbour.example`,
        })),
      )
      .returning({ id: users.id })
    const at = new Date('2025-06-01T10:00:00Z')
    await fixture.happened(...many.map(({ id }) => ({ clientId, at, subjectId: id, actorId: id })))

    assert.equal((await found({ q: 'zelda' })).length, 30)
    assert.equal((await found({ q: 'zelda', action: 'password.changed' })).length, 30)
    assert.equal((await found({ q: 'zelda', action: 'sign-out' })).length, 0)
    assert.deepEqual(await found({ q: 'zelda 29' }), ['The password of Zelda 29 was changed.'])
  })

  test('filters work for a parent’s Admin and the Service Desk as for the account’s own Admins', async () => {
    const clientId = await fixture.clientId('Harbour Retail')
    const rosa = await fixture.userId(ROSA)
    const ravi = await fixture.userId('tech@retail.harbour.example')
    const at = new Date('2025-02-01T10:00:00Z')
    await fixture.happened({ clientId, at, action: 'mfa-reset.requested', actorId: rosa, subjectId: ravi })

    for (const email of [AMARA, DANIEL, ROSA])
      for (const query of [{ q: 'ravi' }, { actor: ROSA }, { action: 'mfa-reset.requested' }])
        assert.deepEqual(
          await found({ ...in2025, ...query }, email, `/clients/${clientId}/audit`),
          ['Rosa Delgado reset the MFA of Ravi Menon.'],
          `${email} ${JSON.stringify(query)}`,
        )
    const parent = await fixture.clientId('Harbour Group')
    assert.equal((await fixture.as(ROSA).get(`/clients/${parent}/audit?q=amara`)).status, 404)
  })
})

describe('invalid filters', () => {
  for (const [query, field, message] of [
    ['q=ab', 'q', /at least three characters/],
    ['action=no.such', 'action', /no such event/],
    ['outcome=maybe', 'outcome', /no such outcome/],
    ['actor=amara', 'actor', /complete e-mail address/],
    ['from=yesterday', 'from', /such as 2026-11-24/],
    ['from=2026-02-30', 'from', /such as 2026-11-24/],
    ['to=2026-01-01T25:00', 'to', /such as 2026-11-24/],
    ['from=2026-03-02&to=2026-03-01', 'to', /before the beginning/],
  ] as const)
    test(`an invalid filter is named beside its field: ${query}`, async () => {
      const kept = field === 'actor' ? '' : '&actor=tech%40harbour.example'
      for (const log of ['/audit', '/audit.csv', '/audit.ndjson']) {
        const { status, body } = await fixture.as(AMARA).get(`${log}?${query}${kept}`)

        assert.equal(status, 422)
        assert.match(body, new RegExp(`id="${field}-problem" role="alert"[^]*?${message.source}`))
        assert.match(body, new RegExp(`name="${field}"[^>]*aria-invalid="true"`))
        assert.deepEqual(sentencesOn(body), [])
        assert.match(body, /action="\/audit"/)
      }
    })

  test('an invalid filter stays as it was typed, with all other fields', async () => {
    const { body } = await fixture
      .as(AMARA)
      .get(
        '/audit?q=theo&action=sign-out&outcome=success&actor=tech%40harbour.example&from=2026-02-30&to=2026-03-01T10:00',
      )

    for (const [name, type, value] of [
      ['q', 'search', 'theo'],
      ['actor', 'text', 'tech@harbour.example'],
      ['from', 'text', '2026-02-30'],
      ['to', 'text', '2026-03-01T10:00'],
    ])
      assert.match(body, new RegExp(`name="${name}" type="${type}" value="${value}"`))
    assert.match(body, /<option value="sign-out" selected>/)
    assert.match(body, /<option value="success" selected>/)
  })
})

describe('pages of the audit log', () => {
  test('the pages show every matching event exactly once, newest first, with any filter', async () => {
    const clientId = await fixture.clientId('Harbour Online')
    const [oliver, mei] = await Promise.all(
      ['admin@online.harbour.example', 'tech@online.harbour.example'].map((email) => fixture.userId(email)),
    )
    const outcomes = ['success', 'failure', 'refused'] as const
    const actions = ['sign-in.password', 'sign-in.code', 'sign-out'] as const
    // Many at the same instant, and times that do not follow the order of insertion.
    const events = Array.from({ length: 700 }, (_, number) => ({
      clientId,
      at: new Date(Date.UTC(2025, 3, 1) + ((number * 37) % 50) * 60_000),
      action: actions[number % 3],
      outcome: outcomes[number % 7 === 0 ? 1 : number % 11 === 0 ? 2 : 0],
      actorId: number % 2 ? oliver : mei,
      subjectId: number % 5 ? mei : oliver,
    }))
    await fixture.happened(...events)

    const log = `/clients/${clientId}/audit`
    for (const [query, fits] of [
      ['', () => true],
      ['action=sign-out', ({ action }) => action === 'sign-out'],
      ['outcome=failure', ({ outcome }) => outcome === 'failure'],
      [
        'outcome=success&action=sign-in.code',
        ({ action, outcome }) => action === 'sign-in.code' && outcome === 'success',
      ],
      ['actor=admin%40online.harbour.example', ({ actorId }) => actorId === oliver],
      ['q=mei-ling', ({ actorId, subjectId }) => actorId === mei || subjectId === mei],
      ['q=online.harbour', () => true],
      [
        'from=2025-04-01T00:10&to=2025-04-01T00:20',
        ({ at }) => Math.abs(at.getTime() - Date.UTC(2025, 3, 1, 0, 15)) <= 5 * 60_000,
      ],
    ] as [string, (event: (typeof events)[number]) => boolean][]) {
      const seen: string[] = []
      for (let path: string | undefined = `${log}?${query}`; path; ) {
        const { body, status } = await fixture.as(DANIEL).get(path)
        assert.equal(status, 200)
        seen.push(...[...body.matchAll(/Event id<\/dt><dd>([^<]+)/g)].map(([, id = '']) => id))
        path = nextOn(body)
      }
      assert.equal(seen.length, events.filter(fits).length, query)
      assert.equal(new Set(seen).size, seen.length, query)
    }
  })

  test('a cursor of another account’s log is not accepted', async () => {
    // Newer than everything of Rosa's account: taken for a place, it would show what is older.
    const clientId = await fixture.clientId('Harbour Group')
    const [foreign] = await fixture.happened({ clientId, at: fixture.app.clock.now() })
    assert.ok(foreign)
    assert.notDeepEqual(sentencesOn((await fixture.as(ROSA).get('/audit')).body), [])

    const { body } = await fixture.as(ROSA).get(`/audit?after=${foreign}`)

    assert.deepEqual(sentencesOn(body), [])
  })
})
