// The audit log as a file: whole, safe to open, recorded, and never mistaken for whole when it is not.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { and, desc, eq } from 'drizzle-orm'
import { auditEvents } from '../../src/platform/db/schema/audit-events.ts'
import { users } from '../../src/platform/db/schema/users.ts'
import { eventually } from '../support/eventually.ts'
import { AuditFixture, sentencesOn } from './audit-fixture.ts'
import { readCsv } from './read-csv.ts'

const AMARA = 'admin@harbour.example'
const THEO = 'tech@harbour.example'
const ROSA = 'admin@retail.harbour.example'
const OLIVER = 'admin@online.harbour.example'
const DANIEL = 'desk@platform.example'
const OPERATOR = 'operator@platform.example'

const fixture = new AuditFixture()
before(() => fixture.open(AMARA, THEO, ROSA, DANIEL, OPERATOR))
after(() => fixture.close())

const MANY = 2500

interface Row {
  id: string
  sentence: string
  subjectName: string | null
  subjectEmail: string | null
  userAgent: string | null
  details: Record<string, unknown>
}

async function ndjson(email: string, path: string): Promise<Row[]> {
  const { status, body } = await fixture.as(email).get(path)
  assert.equal(status, 200)
  return body
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

describe('an export', () => {
  let clientId = ''
  before(async () => {
    clientId = await fixture.clientId('Harbour Online')
    const subjectId = await fixture.userId(OLIVER)
    await fixture.happened(
      ...Array.from({ length: MANY }, (_, number) => ({
        clientId,
        subjectId,
        at: new Date(Date.UTC(2025, 0, 1) + Math.floor(number / 3) * 1000),
        outcome: number % 10 ? ('success' as const) : ('failure' as const),
        action: 'sign-in.password' as const,
      })),
    )
  })

  test('an export has every event exactly once, in the order of the pages, as CSV and as NDJSON', async () => {
    const log = `/clients/${clientId}/audit`
    const events = await fixture.db
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(eq(auditEvents.clientId, clientId))
      .orderBy(desc(auditEvents.at), desc(auditEvents.id))
    const ids = events.map(({ id }) => id)
    assert.ok(ids.length >= MANY)

    const lines = await ndjson(DANIEL, `${log}.ndjson`)
    const [head, ...rows] = readCsv((await fixture.as(DANIEL).get(`${log}.csv`)).body)

    assert.deepEqual(
      lines.map(({ id }) => id),
      ids,
    )
    assert.deepEqual(head, Object.keys(lines[0] ?? {}))
    // The first export is on record, and in the second one.
    assert.deepEqual(rows.map(([id]) => id).slice(1), ids)
    assert.equal(rows[0]?.[2], 'audit.exported')
  })

  test('an export has exactly the events that the filters leave', async () => {
    const failed = await ndjson(DANIEL, `/clients/${clientId}/audit.ndjson?outcome=failure&q=oliver`)
    const early = await ndjson(
      DANIEL,
      `/clients/${clientId}/audit.ndjson?from=2025-01-01&to=2025-01-01T00:00:09`,
    )
    const none = await fixture
      .as(DANIEL)
      .get(`/clients/${clientId}/audit.ndjson?actor=nobody@harbour.example`)

    assert.equal(failed.length, MANY / 10)
    assert.equal(early.length, 30)
    assert.deepEqual([none.status, none.body], [200, ''])
    const empty = readCsv(
      (await fixture.as(DANIEL).get(`/clients/${clientId}/audit.csv?q=nobody+at+all`)).body,
    )
    assert.equal(empty.length, 1, 'the names of the columns')
  })

  test('an export is named after its account and time, and no cache keeps it', async () => {
    await fixture.db
      .insert(auditEvents)
      .values({ at: fixture.app.clock.now(), clientId, action: 'sign-out', outcome: 'success' })
    const csv = await fixture.as(DANIEL).get(`/clients/${clientId}/audit.csv`)
    const json = await fixture.as(AMARA).get('/audit.ndjson')

    assert.equal(
      csv.headers.get('content-disposition'),
      'attachment; filename=audit-harbour-online-2026-03-02.csv',
    )
    assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8')
    assert.equal(
      json.headers.get('content-disposition'),
      'attachment; filename=audit-harbour-group-2026-03-02.ndjson',
    )
    assert.match(json.headers.get('content-type') ?? '', /^application\/x-ndjson/)
    assert.equal(csv.headers.get('cache-control'), 'no-store')
  })

  test('the page offers an export with the current filters', async () => {
    const { body } = await fixture.as(AMARA).get('/audit?q=theo&outcome=success')

    assert.match(body, /href="\/audit\.csv\?q=theo&amp;outcome=success"/)
    assert.match(body, /href="\/audit\.ndjson\?q=theo&amp;outcome=success"/)
  })
})

describe('the record of an export', () => {
  test('an export is recorded with its format and filters in the exported account before any row is sent', async () => {
    const clientId = await fixture.clientId('Harbour Retail')
    await fixture.as(AMARA).get(`/clients/${clientId}/audit.csv?q=ravi&from=2025-01-01`)

    const [event] = await fixture.db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.action, 'audit.exported'), eq(auditEvents.clientId, clientId)))
    assert.equal(event?.actorId, await fixture.userId(AMARA))
    assert.deepEqual(event?.details, { format: 'csv', q: 'ravi', from: '2025-01-01' })
    const page = await fixture.as(ROSA).get('/audit?action=audit.exported')
    assert.deepEqual(sentencesOn(page.body), ['Amara Okafor exported the audit log.'])
  })

  test('an export that cannot be recorded fails', async () => {
    await fixture.app.database.sql`
      create function refuse_exports() returns trigger language plpgsql as $$ begin raise exception 'full'; end $$`
    await fixture.app.database.sql`
      create trigger refuse_exports before insert on audit_events for each row
      when (new.action = 'audit.exported') execute function refuse_exports()`
    const { status, body } = await fixture.as(AMARA).get('/audit.csv')
    await fixture.app.database.sql`drop function refuse_exports cascade`

    assert.equal(status, 500)
    assert.doesNotMatch(body, /Theo Marchetti/)
  })

  test('an export is not recorded if only its headers are requested or a filter is invalid', async () => {
    const count = () => fixture.db.$count(auditEvents, eq(auditEvents.action, 'audit.exported'))
    const before = await count()
    const head = await fixture.as(AMARA).request('HEAD', '/audit.csv')
    assert.deepEqual([head.status, head.body], [200, ''])
    assert.equal((await fixture.as(AMARA).get('/audit.csv?from=x')).status, 422)

    assert.equal(await count(), before)
  })
})

describe('the right to export', () => {
  test('Admins export their own account and those below, and the Service Desk exports any', async () => {
    const ids = new Map<string, string>()
    for (const name of ['Harbour Group', 'Harbour Retail', 'Meridian Foods'])
      ids.set(name, await fixture.clientId(name))
    const statusOf = async (email: string, account: string, format: string) =>
      (await fixture.as(email).get(`/clients/${ids.get(account)}/audit.${format}`)).status

    for (const format of ['csv', 'ndjson']) {
      assert.equal(await statusOf(AMARA, 'Harbour Group', format), 200)
      assert.equal(await statusOf(AMARA, 'Harbour Retail', format), 200)
      assert.equal(await statusOf(AMARA, 'Meridian Foods', format), 404)
      assert.equal(await statusOf(ROSA, 'Harbour Group', format), 404)
      assert.equal(await statusOf(DANIEL, 'Meridian Foods', format), 200)
      assert.equal(await statusOf(THEO, 'Harbour Group', format), 403)
      assert.equal(await statusOf(THEO, 'Harbour Retail', format), 404)
      assert.equal((await fixture.as(THEO).get(`/audit.${format}`)).status, 403)
      assert.equal((await fixture.as(OPERATOR).get(`/audit.${format}`)).status, 403)
      assert.equal((await fixture.app.browser().get(`/audit.${format}`)).status, 303)
      assert.equal((await fixture.as(AMARA).get(`/clients/no-such-account/audit.${format}`)).status, 404)
    }
  })

  test('an export omits every name that the page omits', async () => {
    const [clientId, actorId, marta, ravi] = await Promise.all([
      fixture.clientId('Harbour Group'),
      fixture.userId(AMARA),
      fixture.userId('admin@meridian.example'),
      fixture.userId('tech@retail.harbour.example'),
    ])
    const tried = { clientId, actorId, action: 'mfa-reset.requested', outcome: 'refused' } as const
    const [foreign] = await fixture.happened({ ...tried, subjectId: marta }, { ...tried, subjectId: ravi })
    const path = '?action=mfa-reset.requested'

    const own = await ndjson(AMARA, `/audit.ndjson${path}`)
    const csv = (await fixture.as(AMARA).get(`/audit.csv${path}`)).body
    const desk = await ndjson(DANIEL, `/clients/${clientId}/audit.ndjson${path}`)

    assert.deepEqual(
      own.map(({ subjectName, subjectEmail }) => [subjectName, subjectEmail]),
      [
        ['Ravi Menon', 'tech@retail.harbour.example'],
        [null, null],
      ],
    )
    assert.equal(own[1]?.id, foreign)
    assert.match(own[1]?.sentence ?? '', /a person of another account/)
    assert.doesNotMatch(csv, /Marta|meridian/)
    assert.match(csv, /Ravi Menon/)
    assert.equal(desk[1]?.subjectName, 'Marta Johansson')
  })
})

describe('a spreadsheet', () => {
  test('a spreadsheet runs nothing of what others wrote into the log', async () => {
    const clientId = await fixture.clientId('Meridian Foods')
    const nasty = [
      '=HYPERLINK("http://evil.example","x")',
      '+1+1',
      '-1+1',
      '@SUM(A1)',
      '\tx',
      '\r=1',
      '  =1',
      'Mozilla;=1+1',
      'Mozilla/5.0 (X11; Linux x86_64)',
      'a "quoted", and\nbroken line',
      'old\rline',
      'new\nline',
    ]
    const [user] = await fixture.db
      .insert(users)
      .values({ clientId, name: '=cmd|calc', email: '+evil@meridian.example' })
      .returning({ id: users.id })
    await fixture.happened(
      ...nasty.map((userAgent) => ({
        clientId,
        userAgent,
        subjectId: user?.id,
        details: { reason: 'x;=1+1' },
      })),
    )

    const [head = [], ...rows] = readCsv(
      (await fixture.as(DANIEL).get(`/clients/${clientId}/audit.csv?action=password.changed`)).body,
    )
    const cell = (row: string[], column: string) => row[head.indexOf(column)]

    assert.deepEqual(rows.map((row) => cell(row, 'userAgent')).reverse(), [
      '\'=HYPERLINK("http://evil.example","x")',
      "'+1+1",
      "'-1+1",
      "'@SUM(A1)",
      "'\tx",
      "'\r'=1",
      "'  =1",
      "Mozilla;'=1+1",
      'Mozilla/5.0 (X11; Linux x86_64)',
      'a "quoted", and\nbroken line',
      'old\rline',
      'new\nline',
    ])
    assert.equal(cell(rows[0] ?? [], 'subjectName'), "'=cmd|calc")
    assert.equal(cell(rows[0] ?? [], 'subjectEmail'), "'+evil@meridian.example")
    assert.equal(cell(rows[0] ?? [], 'details'), '{"reason":"x;\'=1+1"}')
    for (const row of rows) for (const text of row) assert.doesNotMatch(text, /^\s*[=+\-@]/)
    const exact = await ndjson(DANIEL, `/clients/${clientId}/audit.ndjson?action=password.changed`)
    assert.deepEqual(exact.map(({ userAgent }) => userAgent).reverse(), nasty, 'NDJSON has it as it was')
  })
})

describe('an export that breaks off', () => {
  let clientId = ''
  before(async () => {
    clientId = await fixture.clientId('Portcullis Platform')
    // Wide rows: more than the buffers between us hold.
    await fixture.app.database.sql`
      insert into audit_events (client_id, at, action, outcome, user_agent, request_id, details)
      select ${clientId}, '2025-01-01T00:00:00Z', 'password.changed', 'success', wide, wide, jsonb_build_object('reason', wide)
      from repeat('x', 400) as wide, generate_series(1, 20000)`
  })

  /** Takes no more than the beginning, until it goes on. */
  async function begin(path: string) {
    const cookie = [...fixture.as(DANIEL).cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const request = get(`${fixture.app.origin}${path}`, { headers: { cookie } })
    request.on('error', () => {})
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    await once(response, 'readable')
    return {
      leave: () => request.destroy(),
      takeTheRest: () =>
        response.resume() &&
        once(response, 'end').then(
          () => 'whole',
          () => 'broken off',
        ),
    }
  }

  const log = () => `/clients/${clientId}/audit`

  test('an export breaks off when the database fails', async () => {
    const download = await begin(`${log()}.csv`)
    await fixture.app.database.sql`alter table audit_events rename to audit_events_away`
    try {
      assert.equal(await download.takeTheRest(), 'broken off')
    } finally {
      await fixture.app.database.sql`alter table audit_events_away rename to audit_events`
    }
  })

  test('an export breaks off when its reader is disabled', async () => {
    const download = await begin(`${log()}.csv`)
    const disable = (status: 'active' | 'disabled') =>
      fixture.db.update(users).set({ status }).where(eq(users.email, DANIEL))
    await disable('disabled')

    assert.equal(await download.takeTheRest(), 'broken off')
    await disable('active')
  })

  test('an export breaks off when its reader signs out', async () => {
    const download = await begin(`${log()}.csv`)
    await fixture.as(DANIEL).post('/sign-out')

    assert.equal(await download.takeTheRest(), 'broken off')
    await fixture.cast.comeBack(DANIEL)
  })

  test('an export reads rows no faster than they are taken, and stops when the reader goes away', async () => {
    const { sql } = fixture.app.database
    const patient = await begin(`${log()}.ndjson`)
    const leaving = await begin(`${log()}.ndjson`)
    // From now on every reading of the log is counted.
    await sql.begin(async (tx) => {
      await tx`create sequence readings`
      await tx`alter table audit_events rename to audit_events_kept`
      await tx`create view audit_events as select e.* from (select nextval('readings')) reading, audit_events_kept e`
    })
    const readings = async () => Number((await sql`select last_value from readings`)[0]?.last_value)
    try {
      leaving.leave()
      const untilThen = await settled(readings)
      assert.ok(untilThen < 10, `${untilThen} readings for nobody`)

      assert.equal(await patient.takeTheRest(), 'whole')
      assert.ok((await readings()) > untilThen + 10)
    } finally {
      await sql`drop view audit_events`
      await sql`alter table audit_events_kept rename to audit_events`
    }
  })
})

/** The figure once it has not changed for half a second. */
function settled(read: () => Promise<number>): Promise<number> {
  let last = -1
  let unchanged = 0
  return eventually('nothing moves any more', async () => {
    const now = await read()
    unchanged = now === last ? unchanged + 1 : 0
    last = now
    return unchanged > 25 ? now : null
  })
}
