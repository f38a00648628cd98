// The hash chain over the audit log: nothing is skipped, and nothing is changed, removed, inserted or reordered unseen.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Sql } from 'postgres'
import { CHAIN_START, linkHash } from '../../src/audit/chain.ts'
import { NO_REQUEST, record } from '../../src/audit/record.ts'
import { sealEvents } from '../../src/audit/seal-events.ts'
import { type Harm, type Pin, verifyChain } from '../../src/audit/verify-chain.ts'
import { type DatabasePool, openDatabase } from '../../src/db/client.ts'
import { auditEvents } from '../../src/db/schema/audit-events.ts'
import { auditUnsealed } from '../../src/db/schema/audit-seals.ts'
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { onEachEngine } from '../workers/workshop.ts'

const NOW = new Date('2026-03-02T09:00:00Z')
const ALL = 1_000_000

let database: TestDatabase
let pool: DatabasePool
before(async () => {
  database = await createTestDatabase()
  pool = openDatabase(database.url, 'test-audit-chain')
})
beforeEach(() => tamper((sql) => sql`truncate audit_events, audit_unsealed, audit_seals cascade`))
after(async () => {
  await pool.close()
  await database.drop()
})

/** Something happens, `times` times. Returns the ids of the events. */
async function happen(times: number): Promise<string[]> {
  const events = await pool.db
    .insert(auditEvents)
    .values(
      Array.from({ length: times }, (_, time) => ({
        at: NOW,
        action: 'mfa-reset.requested',
        outcome: 'success' as const,
        address: '192.0.2.1',
        userAgent: 'Firefox "144"',
        requestId: 'r-1',
        clientId: crypto.randomUUID(),
        actorId: crypto.randomUUID(),
        subjectId: crypto.randomUUID(),
        details: { reason: 'Żółw, "quoted"', number: time, nested: { b: 1, a: [2] } },
      })),
    )
    .returning({ id: auditEvents.id })
  return events.map(({ id }) => id)
}

function seal(): Promise<number> {
  return sealEvents(pool.db, NOW, ALL)
}

function verify(...pins: Pin[]) {
  return verifyChain(pool.db, pins, () => {})
}

/** What a superuser can do, whom no trigger stops. */
async function tamper(work: (sql: Sql) => Promise<unknown>): Promise<void> {
  await pool.sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await work(tx as unknown as Sql)
  })
}

async function chain(): Promise<{ seq: number; eventId: string; hash: string }[]> {
  const rows = await pool.sql<{ seq: number; eventId: string; hash: string }[]>`
    select seq::int, event_id as "eventId", encode(hash, 'hex') as hash from audit_seals order by seq`
  return [...rows]
}

describe('sealing', () => {
  test('seals every event once, and what comes later follows', async () => {
    const first = await happen(2500)
    assert.equal(await seal(), 2500)
    const second = await happen(3)
    assert.equal(await seal(), 3)
    assert.equal(await seal(), 0)

    const seals = await chain()
    assert.deepEqual(
      seals.map(({ eventId }) => eventId),
      [...first, ...second],
    )
    assert.deepEqual(
      seals.map(({ seq }) => seq),
      seals.map((_, index) => index + 1),
    )
    const report = await verify()
    assert.deepEqual(report, {
      verified: 2503,
      unsealed: 0,
      head: { seq: 2503, hash: seals.at(-1)?.hash },
      broken: null,
    })
  })

  test('skips no event that commits late: it is sealed after those that came in meanwhile', async () => {
    const open = await pool.sql.reserve()
    await open`begin`
    const [late] = await open<{ id: string }[]>`
      insert into audit_events (at, action, outcome) values (${NOW.toISOString()}, 'sign-out', 'success') returning id`
    const meanwhile = await happen(5)
    assert.equal(await seal(), 5)
    assert.equal((await verify()).broken, null)
    await open`commit`
    open.release()
    const later = await happen(2)

    assert.equal((await verify()).unsealed, 3)
    assert.equal(await seal(), 3)

    assert.ok(late && meanwhile.every((id) => late.id < id), 'it has the lowest id')
    assert.deepEqual(
      (await chain()).map(({ eventId }) => eventId),
      [...meanwhile, late.id, ...later],
    )
    assert.deepEqual(
      { ...(await verify()), head: null },
      { verified: 8, unsealed: 0, head: null, broken: null },
    )
  })

  test('leaves out what was rolled back', async () => {
    await pool.db
      .transaction(async (tx) => {
        await record(tx, {
          at: NOW,
          action: 'sign-out',
          outcome: 'success',
          origin: NO_REQUEST,
          clientId: null,
          actorId: null,
          subjectId: null,
        })
        throw new Error('rolled back')
      })
      .catch(() => {})

    assert.equal(await seal(), 0)
    assert.equal((await verify()).broken, null)
  })

  test('is done by one at a time, however many try while events keep coming in', async () => {
    const sealers = Array.from({ length: 6 }, async () => {
      for (let round = 0; round < 8; round += 1) {
        await Promise.all([seal(), happen(100)])
      }
    })
    await Promise.all(sealers)
    while ((await pool.db.$count(auditUnsealed)) > 0) await seal()

    const seals = await chain()
    assert.equal(seals.length, 6 * 8 * 100)
    assert.equal(new Set(seals.map(({ eventId }) => eventId)).size, seals.length)
    assert.equal((await verify()).broken, null)
  })

  test('goes on where a run that had enough stopped', async () => {
    await happen(2500)

    assert.equal(await sealEvents(pool.db, NOW, 1000), 1000)
    assert.equal((await verify()).unsealed, 1500)
    assert.equal(await seal(), 1500)
  })

  test('hashes in a form that others can compute: the hash before, then the row as a JSON array', async () => {
    const event = {
      id: '019b0000-0000-7000-8000-000000000001',
      at: '1772442000000000',
      clientId: null,
      actorId: null,
      subjectId: null,
      action: 'sign-out',
      outcome: 'success',
      address: '192.0.2.1',
      userAgent: 'a "b"',
      requestId: null,
      details: '{"a": 1}',
    }
    const row = `["019b0000-0000-7000-8000-000000000001","1772442000000000",null,null,null,"sign-out","success","192.0.2.1","a \\"b\\"",null,"{\\"a\\": 1}"]`
    const expected = createHash('sha256').update('00'.repeat(32), 'hex').update(row).digest('hex')

    assert.equal(linkHash(CHAIN_START, event).toString('hex'), expected)
    const [{ id, at }] = await pool.sql<[{ id: string; at: string }]>`
      insert into audit_events (id, at, action, outcome, address, user_agent, details)
      values (${event.id}, ${NOW.toISOString()}, 'sign-out', 'success', '192.0.2.1', 'a "b"', '{"a":1}') returning id, at`
    assert.ok(id && at)
    // Whatever the session's settings.
    const name = pool.sql(new URL(database.url).pathname.slice(1))
    await pool.sql`alter database ${name} set timezone to 'Asia/Kolkata'`
    const elsewhere = openDatabase(database.url, 'test-elsewhere', 1)
    await sealEvents(elsewhere.db, NOW, ALL)
    await elsewhere.close()
    await pool.sql`alter database ${name} reset timezone`
    assert.equal((await chain())[0]?.hash, expected)
  })
})

describe('the seals', () => {
  test('cannot be changed, removed or emptied by the application', async () => {
    await happen(1)
    await seal()

    for (const statement of [
      'update audit_seals set seq = 2',
      'delete from audit_seals',
      'truncate audit_seals',
    ])
      await assert.rejects(pool.sql.unsafe(statement), /append-only/)
  })
})

describe('verifying names the first row that is broken', () => {
  let ids: string[] = []
  beforeEach(async () => {
    ids = await happen(20)
    await seal()
  })

  async function finds(harm: Harm, seq: number | null, eventId: string | null | undefined, ...pins: Pin[]) {
    assert.deepEqual((await verify(...pins)).broken, { harm, seq, eventId })
  }

  for (const change of [
    "at = at + interval '1 microsecond'",
    'client_id = null',
    'actor_id = uuidv7()',
    'subject_id = null',
    "action = 'sign-out'",
    "outcome = 'refused'",
    "address = '192.0.2.2'",
    "user_agent = ''",
    "request_id = 'r-2'",
    `details = details || '{"reason": "another"}'`,
    "details = '{}'",
  ])
    test(`where it was changed: ${change}`, async () => {
      await tamper((sql) => sql`update audit_events set ${sql.unsafe(change)} where id = ${ids[6] ?? ''}`)
      await finds('changed', 7, ids[6])
    })

  test('where the first or the last event was changed', async () => {
    await tamper((sql) => sql`update audit_events set address = null where id = ${ids[19] ?? ''}`)
    await finds('changed', 20, ids[19])
    await tamper((sql) => sql`update audit_events set address = null where id = ${ids[0] ?? ''}`)
    await finds('changed', 1, ids[0])
  })

  test('where it was removed', async () => {
    await tamper((sql) => sql`delete from audit_events where id = ${ids[6] ?? ''}`)
    await finds('removed', 7, ids[6])
  })

  test('where it was removed before it was sealed', async () => {
    const [id = '', other] = await happen(2)
    await tamper((sql) => sql`delete from audit_events where id = ${id}`)
    assert.equal(await seal(), 1)

    assert.equal((await chain()).at(-1)?.eventId, other)
    await finds('removed', null, id)
  })

  test('where it was inserted', async () => {
    const id = '019b0000-0000-7000-8000-000000000001'
    await tamper(
      (sql) => sql`
      insert into audit_events (id, at, action, outcome)
      values (${id}, ${NOW.toISOString()}, 'sign-out', 'success')`,
    )
    await seal()
    await finds('inserted', null, id)
  })

  test('where two seals have changed places', async () => {
    await tamper(async (sql) => {
      await sql`update audit_seals set seq = -4 where seq = 4`
      await sql`update audit_seals set seq = 4 where seq = 9`
      await sql`update audit_seals set seq = 9 where seq = -4`
    })
    await finds('reordered', 4, ids[8])
  })

  test('where two seals next to each other have changed places', async () => {
    await tamper(async (sql) => {
      await sql`update audit_seals set seq = -1 where seq = 1`
      await sql`update audit_seals set seq = 1 where seq = 2`
      await sql`update audit_seals set seq = 2 where seq = -1`
    })
    await finds('reordered', 1, ids[1])
  })

  test('where two seals have exchanged their events', async () => {
    await tamper(async (sql) => {
      await sql`update audit_seals set event_id = uuidv7() where seq = 4`
      await sql`update audit_seals set event_id = ${ids[3] ?? ''} where seq = 9`
      await sql`update audit_seals set event_id = ${ids[8] ?? ''} where seq = 4`
    })
    await finds('reordered', 4, ids[8])
  })

  test('where a seal was removed, changed or put before the first', async () => {
    await tamper((sql) => sql`update audit_seals set hash = sha256('x') where seq = 12`)
    await finds('changed', 12, ids[11])
    await tamper((sql) => sql`delete from audit_seals where seq = 5`)
    await finds('seal-missing', 5, null)
    await tamper((sql) => sql`insert into audit_seals values (0, uuidv7(), sha256('x'), now())`)
    assert.equal((await verify()).broken?.seq, 0)
  })

  test('where the last seals were removed', async () => {
    await tamper((sql) => sql`delete from audit_seals where seq > 17`)
    await finds('inserted', null, ids[17])
  })

  test('where the end was cut off, events and all, against a seal that was kept elsewhere', async () => {
    const kept = (await verify()).head
    assert.ok(kept)
    await tamper(
      (sql) => sql`delete from audit_events where id in (select event_id from audit_seals where seq > 17)`,
    )
    await tamper((sql) => sql`delete from audit_seals where seq > 17`)

    assert.equal((await verify()).broken, null, 'the chain alone cannot tell')
    await finds('cut-off', 20, null, kept)
  })

  test('where the whole chain was written anew, against a seal that was kept elsewhere', async () => {
    const kept = (await verify()).head
    assert.ok(kept)
    await tamper(async (sql) => {
      await sql`delete from audit_events where id = ${ids[2] ?? ''}`
      await sql`delete from audit_seals`
      await sql`insert into audit_unsealed select id from audit_events`
    })
    await seal()
    await happen(5)
    await seal()

    assert.equal((await verify()).broken, null, 'the chain alone cannot tell')
    assert.equal((await verify(kept)).broken?.harm, 'rewritten')
  })
})

describe('npm run audit:verify', () => {
  async function run(...args: string[]) {
    const child = spawn(process.execPath, ['dist/src/audit/verify-command.js', ...args], {
      env: { ...process.env, DATABASE_URL: database.url },
    })
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    return { stdout, stderr, code }
  }

  test('says that all is well, how much waits, and which head to keep', async () => {
    assert.match((await run()).stdout, /^Nothing is sealed yet\. 0 events wait/)
    await happen(7)
    await seal()
    await happen(1)

    const { stdout, stderr, code } = await run()

    const [, pin = ''] = /^Head: (7:[0-9a-f]{64})$/m.exec(stdout) ?? []
    assert.match(stdout, /^All 7 sealed events are as they were sealed\. 1 event waits to be sealed\.$/m)
    assert.match(stderr, /100 % 7 of 7 seals/)
    assert.equal(code, 0)
    assert.equal((await run('--expect', pin)).code, 0)
    const other = await run('--expect', `7:${'ab'.repeat(32)}`)
    assert.match(other.stdout, /^BROKEN at seal 7, event [0-9a-f-]{36}: the chain was written anew/)
    assert.equal(other.code, 1)
  })

  test('names the broken row and fails', async () => {
    const ids = await happen(7)
    await seal()
    await tamper((sql) => sql`update audit_events set address = null where id = ${ids[3] ?? ''}`)

    const { stdout, code } = await run()

    assert.match(stdout, new RegExp(`^BROKEN at seal 4, event ${ids[3]}: it was changed`))
    assert.match(stdout, /3 seals before it are right/)
    assert.equal(code, 1)
  })

  test('explains itself when it is asked in another way', async () => {
    for (const args of [['--expect', '7'], ['--expect', '0:ab'], ['--nonsense']]) {
      const { stderr, code } = await run(...args)
      assert.match(stderr, /^Usage: npm run audit:verify/)
      assert.equal(code, 1)
    }
  })
})

onEachEngine('the scheduled job', (workshop) => {
  test('seals what there is, with several workers at it', async () => {
    await workshop.db.transaction(async (tx) => {
      for (let time = 0; time < 30; time += 1)
        await record(tx, {
          at: NOW,
          action: 'sign-out',
          outcome: 'success',
          origin: NO_REQUEST,
          clientId: null,
          actorId: null,
          subjectId: null,
        })
    })

    await Promise.all([workshop.startWorker(), workshop.startWorker()])

    await eventually('all are sealed', async () => (await workshop.db.$count(auditUnsealed)) === 0)
    const report = await verifyChain(workshop.db, [], () => {})
    assert.equal(report.verified, 30)
    assert.equal(report.broken, null)
  })
})
