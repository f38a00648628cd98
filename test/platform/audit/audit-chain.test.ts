// The chain over the audit log, sealed with a key that the database never holds. It finds changed, removed, inserted
// and reordered events.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, test } from 'node:test'
import { asc, eq } from 'drizzle-orm'
import type { Sql } from 'postgres'
import { type AuditKey, readAuditKeys } from '../../../src/config.ts'
import { CHAIN_START, keyedHash, keylessHash } from '../../../src/platform/audit/chain.ts'
import { NO_REQUEST, record } from '../../../src/platform/audit/record.ts'
import { ChainEndError, sealEvents } from '../../../src/platform/audit/seal-events.ts'
import type { Head } from '../../../src/platform/audit/seals.queries.ts'
import { storedEvent } from '../../../src/platform/audit/seals.queries.ts'
import { type Harm, verifyChain } from '../../../src/platform/audit/verify-chain.ts'
import { type DatabasePool, openDatabase } from '../../../src/platform/db/client.ts'
import { auditEvents } from '../../../src/platform/db/schema/audit-events.ts'
import { auditSeals, auditUnsealed } from '../../../src/platform/db/schema/audit-seals.ts'
import { AUDIT_KEYS, createTestDatabase, type TestDatabase } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { onEachEngine } from '../../workers/worker-fixture.ts'

const NOW = new Date('2026-03-02T09:00:00Z')
const ALL = 1_000_000
const KEYS = readAuditKeys(AUDIT_KEYS)

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

function seal(keys: readonly AuditKey[] = KEYS): Promise<number> {
  return sealEvents(pool.db, { keys, now: NOW, atMost: ALL })
}

function verify(...pins: Head[]) {
  return verifyChain(pool.db, { keys: KEYS, pins }, () => {})
}

/** What sealed before there were keys. A superuser, whom no trigger stops, can still do the same. */
async function sealWithoutKey(): Promise<void> {
  const events = await pool.db
    .select(storedEvent)
    .from(auditUnsealed)
    .innerJoin(auditEvents, eq(auditEvents.id, auditUnsealed.eventId))
    .orderBy(asc(auditUnsealed.eventId))
  const last = (await chain()).at(-1)
  let seq = last?.seq ?? 0
  let hash: Buffer = last ? Buffer.from(last.hash, 'hex') : CHAIN_START
  for (const event of events) {
    hash = keylessHash(hash, event)
    seq += 1
    const seal = [seq, event.id, hash, NOW.toISOString()] as const
    await tamper(
      (sql) => sql`
        insert into audit_seals (seq, event_id, hash, sealed_at)
        values (${seal[0]}, ${seal[1]}, ${seal[2]}, ${seal[3]})`,
    )
  }
  await pool.db.delete(auditUnsealed)
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
  test('sealing seals every event once and continues with later ones', async () => {
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
      keyless: 0,
      unsealed: 0,
      head: { seq: 2503, hash: seals.at(-1)?.hash },
      broken: null,
    })
  })

  test('sealing skips no event that commits late, and seals it after those before it', async () => {
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
      { verified: 8, keyless: 0, unsealed: 0, head: null, broken: null },
    )
  })

  test('sealing leaves out events that were rolled back', async () => {
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

  test('only one process seals at a time, however many try while events arrive', async () => {
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

  test('sealing goes on where an interrupted run stopped', async () => {
    await happen(2500)

    assert.equal(await sealEvents(pool.db, { keys: KEYS, now: NOW, atMost: 1000 }), 1000)
    assert.equal((await verify()).unsealed, 1500)
    assert.equal(await seal(), 1500)
  })

  test('the hash can be recomputed by others: the hash before, then time of sealing and row as a JSON array', async () => {
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
    const sealedAt = `${NOW.getTime()}000`
    const row = `["${sealedAt}","019b0000-0000-7000-8000-000000000001","1772442000000000",null,null,null,"sign-out","success","192.0.2.1","a \\"b\\"",null,"{\\"a\\": 1}"]`
    const key = Buffer.alloc(32, 9)
    const expected = createHmac('sha256', key).update('00'.repeat(32), 'hex').update(row).digest('hex')

    assert.equal(keyedHash({ key }, CHAIN_START, event, sealedAt).toString('hex'), expected)
    const [{ id, at }] = await pool.sql<[{ id: string; at: string }]>`
      insert into audit_events (id, at, action, outcome, address, user_agent, details)
      values (${event.id}, ${NOW.toISOString()}, 'sign-out', 'success', '192.0.2.1', 'a "b"', '{"a":1}') returning id, at`
    assert.ok(id && at)
    // Whatever the session's settings.
    const name = pool.sql(new URL(database.url).pathname.slice(1))
    await pool.sql`alter database ${name} set timezone to 'Asia/Kolkata'`
    const elsewhere = openDatabase(database.url, 'test-elsewhere', 1)
    await sealEvents(elsewhere.db, { keys: KEYS, now: NOW, atMost: ALL })
    assert.equal((await verifyChain(elsewhere.db, { keys: KEYS, pins: [] }, () => {})).broken, null)
    await elsewhere.close()
    await pool.sql`alter database ${name} reset timezone`
    assert.equal((await chain())[0]?.hash, expected)
  })
})

describe('the events and their seals', () => {
  for (const [table, column] of [
    ['audit_events', 'details'],
    ['audit_seals', 'hash'],
  ] as const)
    for (const statement of [
      `update ${table} set ${column} = ${column}`,
      `update ${table} set ${column} = ${column} where false`,
      `delete from ${table}`,
      `truncate ${table} cascade`,
    ])
      test(`events and seals are append-only: ${statement}`, async () => {
        await happen(1)
        await seal()
        const before = await contents()

        await assert.rejects(pool.sql.unsafe(statement), { code: '42501', message: /are append-only$/ })

        assert.deepEqual(await contents(), before)
      })

  async function contents() {
    return [await pool.db.select().from(auditEvents), await pool.db.select().from(auditSeals)]
  }
})

describe('verification', () => {
  let ids: string[] = []
  beforeEach(async () => {
    ids = await happen(20)
    await seal()
  })

  async function finds(harm: Harm, seq: number | null, eventId: string | null | undefined, ...pins: Head[]) {
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
    test(`verification names a changed row: ${change}`, async () => {
      await tamper((sql) => sql`update audit_events set ${sql.unsafe(change)} where id = ${ids[6] ?? ''}`)
      await finds('changed', 7, ids[6])
    })

  test('verification names the first or the last event if it was changed', async () => {
    await tamper((sql) => sql`update audit_events set address = null where id = ${ids[19] ?? ''}`)
    await finds('changed', 20, ids[19])
    await tamper((sql) => sql`update audit_events set address = null where id = ${ids[0] ?? ''}`)
    await finds('changed', 1, ids[0])
  })

  test('verification names an event that was removed', async () => {
    await tamper((sql) => sql`delete from audit_events where id = ${ids[6] ?? ''}`)
    await finds('removed', 7, ids[6])
  })

  test('verification names an event that was removed before it was sealed', async () => {
    const [id = '', other] = await happen(2)
    await tamper((sql) => sql`delete from audit_events where id = ${id}`)
    assert.equal(await seal(), 1)

    assert.equal((await chain()).at(-1)?.eventId, other)
    await finds('removed', null, id)
  })

  test('verification names an event that was inserted', async () => {
    const id = '019b0000-0000-7000-8000-000000000001'
    await tamper(
      (sql) => sql`
      insert into audit_events (id, at, action, outcome)
      values (${id}, ${NOW.toISOString()}, 'sign-out', 'success')`,
    )
    await seal()
    await finds('inserted', null, id)
  })

  test('verification names two seals that have changed places', async () => {
    await tamper(async (sql) => {
      await sql`update audit_seals set seq = -4 where seq = 4`
      await sql`update audit_seals set seq = 4 where seq = 9`
      await sql`update audit_seals set seq = 9 where seq = -4`
    })
    await finds('reordered', 4, ids[8])
  })

  test('verification names two adjacent seals that have changed places', async () => {
    await tamper(async (sql) => {
      await sql`update audit_seals set seq = -1 where seq = 1`
      await sql`update audit_seals set seq = 1 where seq = 2`
      await sql`update audit_seals set seq = 2 where seq = -1`
    })
    await finds('reordered', 1, ids[1])
  })

  test('verification names two seals that have exchanged their events', async () => {
    await tamper(async (sql) => {
      await sql`update audit_seals set event_id = uuidv7() where seq = 4`
      await sql`update audit_seals set event_id = ${ids[3] ?? ''} where seq = 9`
      await sql`update audit_seals set event_id = ${ids[8] ?? ''} where seq = 4`
    })
    await finds('reordered', 4, ids[8])
  })

  test('verification names a seal that was removed, changed or put before the first', async () => {
    await tamper((sql) => sql`update audit_seals set hash = sha256('x') where seq = 12`)
    await finds('changed', 12, ids[11])
    await tamper((sql) => sql`delete from audit_seals where seq = 5`)
    await finds('seal-missing', 5, null)
    await tamper(
      (sql) =>
        sql`insert into audit_seals (seq, event_id, hash, sealed_at) values (0, uuidv7(), sha256('x'), now())`,
    )
    assert.equal((await verify()).broken?.seq, 0)
  })

  test('verification finds that the last seals were removed', async () => {
    await tamper((sql) => sql`delete from audit_seals where seq > 17`)
    await finds('inserted', null, ids[17])
  })

  test('verification against a kept seal finds that the end was cut off, events and all', async () => {
    const kept = (await verify()).head
    assert.ok(kept)
    await tamper(
      (sql) => sql`delete from audit_events where id in (select event_id from audit_seals where seq > 17)`,
    )
    await tamper((sql) => sql`delete from audit_seals where seq > 17`)

    assert.equal((await verify()).broken, null, 'the chain alone cannot tell')
    await finds('cut-off', 20, null, kept)
  })

  test('verification against a kept seal finds that the worker sealed a forged log anew', async () => {
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

  test('verification finds that the last 25 were cut off, or five rewritten, by a person without a key', async () => {
    await happen(30)
    await seal()
    const kept = (await verify()).head
    assert.ok(kept)
    const cut = await tamperedCopy(async (sql) => {
      await sql`delete from audit_events where id in (select event_id from audit_seals where seq > 25)`
      await sql`delete from audit_seals where seq > 25`
    }, kept)
    assert.deepEqual(cut, { harm: 'cut-off', seq: 50, eventId: null })

    const forged = (await chain()).slice(-5).map(({ eventId }) => eventId)
    await tamper(async (sql) => {
      await sql`update audit_events set outcome = 'refused' where id = any(${forged}::uuid[])`
      await sql`delete from audit_seals where seq > 45`
      await sql`insert into audit_unsealed select unnest(${forged}::uuid[])`
    })
    const other = [{ id: 'a1', key: Buffer.alloc(32, 1) }]
    await assert.rejects(seal(other), ChainEndError, 'with a key of their own nothing is sealed')
    await sealWithoutKey()
    await finds('keyless', 46, forged[0])
    await tamper((sql) => sql`update audit_seals set key_id = 'a1' where key_id is null`)
    await finds('changed', 46, forged[0])
  })

  test('verification names a seal that was replaced by its twin’s, or whose key or time was changed', async () => {
    await tamper(
      (sql) => sql`update audit_seals set hash = (select hash from audit_seals where seq = 5) where seq = 6`,
    )
    await finds('changed', 6, ids[5])
    await tamper(
      (sql) => sql`update audit_seals set sealed_at = sealed_at + interval '1 microsecond' where seq = 3`,
    )
    await finds('changed', 3, ids[2])
    await tamper((sql) => sql`update audit_seals set key_id = 'a2' where seq = 2`)
    await finds('key-unknown', 2, ids[1])
    await tamper((sql) => sql`update audit_seals set key_id = null where seq = 1`)
    await finds('changed', 1, ids[0])
  })

  /** Verifies a tampered log against a pin, and puts it back. */
  async function tamperedCopy(work: (sql: Sql) => Promise<unknown>, pin: Head) {
    const events = await pool.db.select().from(auditEvents)
    const seals = await pool.db.select().from(auditSeals)
    await tamper(work)
    const { broken } = await verify(pin)
    await tamper((sql) => sql`truncate audit_events, audit_unsealed, audit_seals cascade`)
    await pool.db.insert(auditEvents).values(events)
    await pool.db.delete(auditUnsealed)
    await pool.db.insert(auditSeals).values(seals)
    assert.equal((await verify(pin)).broken, null)
    return broken
  }
})

describe('keys', () => {
  const [old] = KEYS
  const newer = { id: 'a2', key: Buffer.alloc(32, 2) }

  test('after a rotation the first key seals, all verify, and none may be taken out', async () => {
    assert.ok(old)
    await happen(3)
    await seal([old])
    await happen(2)
    await seal([newer, old])
    await happen(1)

    await assert.rejects(seal([old]), /its key 'a2' is not among AUDIT_KEYS/)
    const keyIds = await pool.db
      .select({ keyId: auditSeals.keyId })
      .from(auditSeals)
      .orderBy(asc(auditSeals.seq))
    assert.deepEqual(
      keyIds.map(({ keyId }) => keyId),
      ['a1', 'a1', 'a1', 'a2', 'a2'],
    )
    const harmWith = async (keys: AuditKey[]) =>
      (await verifyChain(pool.db, { keys, pins: [] }, () => {})).broken
    assert.equal(await harmWith([newer, old]), null)
    assert.equal((await harmWith([newer]))?.harm, 'key-unknown')
    assert.equal((await harmWith([old]))?.seq, 4)
    assert.equal((await harmWith([newer, { id: 'a1', key: Buffer.alloc(32, 3) }]))?.harm, 'changed')
  })

  test('another key under the same id seals nothing', async () => {
    await happen(3)
    await seal()
    await happen(1)

    await assert.rejects(
      seal([{ id: 'a1', key: Buffer.alloc(32, 3) }]),
      /does not fit its event and key 'a1'/,
    )

    assert.equal((await verify()).unsealed, 1)
    assert.equal(await seal(), 1)
  })

  test('nothing is sealed behind a seal that was forged', async () => {
    const ids = await happen(3)
    await seal()
    await happen(1)
    await tamper((sql) => sql`update audit_events set outcome = 'refused' where id = ${ids[2] ?? ''}`)

    await assert.rejects(seal(), ChainEndError)
  })
})

describe('a chain from before there were keys', () => {
  let ids: string[] = []
  beforeEach(async () => {
    ids = await happen(10)
    await sealWithoutKey()
  })

  test('a chain without keys is taken over once: the first keyed seal covers it, and an event names its head', async () => {
    const head = (await chain()).at(-1)
    assert.equal((await verify()).broken?.harm, 'not-taken-over')

    assert.equal(await seal(), 1, 'the event that says so')
    await happen(3)
    await seal()

    const taken = await pool.db.select().from(auditEvents).where(eq(auditEvents.action, 'audit.taken-over'))
    assert.deepEqual(
      taken.map(({ details }) => details),
      [{ head: `10:${head?.hash}` }],
    )
    const report = await verify()
    assert.deepEqual(
      { ...report, head: null },
      { verified: 14, keyless: 10, unsealed: 0, head: null, broken: null },
    )
  })

  test('a chain without keys cannot be rewritten after the take-over', async () => {
    await seal()
    await tamper(async (sql) => {
      await sql`update audit_events set outcome = 'refused' where id = ${ids[4] ?? ''}`
      await sql`delete from audit_seals where seq between 5 and 10`
      await sql`insert into audit_unsealed select unnest(${ids.slice(4)}::uuid[])`
      await sql`update audit_seals set seq = 111 where seq = 11`
    })
    // The forger goes on from the fourth seal.
    const [takeOver] = (await pool.db.select().from(auditSeals).where(eq(auditSeals.seq, 111))) ?? []
    assert.ok(takeOver)
    await tamper((sql) => sql`delete from audit_seals where seq = 111`)
    await sealWithoutKey()
    await pool.db.insert(auditSeals).values({ ...takeOver, seq: 11 })

    assert.deepEqual((await verify()).broken, { harm: 'changed', seq: 11, eventId: takeOver.eventId })
  })

  test('the database refuses a seal without a key after the take-over, and sealing goes on', async () => {
    await seal()
    const [eventId = ''] = await happen(1)

    const byAnOldWorker = pool.db
      .insert(auditSeals)
      .values({ seq: 12, eventId, hash: Buffer.alloc(32), sealedAt: NOW })

    await assert.rejects(
      async () => byAnOldWorker,
      (error: Error) => /without a key/.test(String(error.cause)),
    )
    assert.equal(await seal(), 1)
    assert.equal((await verify()).broken, null)
  })

  test('seals without a key are refused after the take-over, by verifying and by sealing', async () => {
    await seal()
    const [id] = await happen(1)
    await sealWithoutKey()

    assert.deepEqual((await verify()).broken, { harm: 'keyless', seq: 12, eventId: id })
    await happen(1)
    await assert.rejects(seal(), /it has no key, and seals before it have one/)
  })
})

describe('npm run audit:verify', () => {
  async function run(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, ['dist/src/commands/audit-verify.js', ...args], {
      env: { ...process.env, DATABASE_URL: database.url, AUDIT_KEYS, ...env },
    })
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    return { stdout, stderr, code }
  }

  test('audit:verify says that the chain is intact, how many events wait, and which head to keep', async () => {
    assert.match((await run()).stdout, /^Nothing is sealed yet\. 0 events wait/)
    await happen(7)
    await seal()
    await happen(1)

    const { stdout, stderr, code } = await run()

    const [, pin = ''] = /^Head: (7:[0-9a-f]{64})$/m.exec(stdout) ?? []
    assert.match(stdout, /^No pin was given: a cut tail is not found by this run\./m)
    assert.match(stdout, /^All 7 sealed events are as they were sealed\. 1 event waits to be sealed\.$/m)
    assert.match(stderr, /100 % 7 of 7 seals/)
    assert.equal(code, 0)
    assert.equal((await run(['--expect', pin])).code, 0)
    const other = await run(['--expect', `7:${'ab'.repeat(32)}`])
    assert.match(other.stdout, /^BROKEN at seal 7, event [0-9a-f-]{36}: the chain was written anew/)
    assert.equal(other.code, 1)
  })

  test('audit:verify names the broken row and fails', async () => {
    const ids = await happen(7)
    await seal()
    await tamper((sql) => sql`update audit_events set address = null where id = ${ids[3] ?? ''}`)

    const { stdout, code } = await run()

    assert.match(stdout, new RegExp(`^BROKEN at seal 4, event ${ids[3]}: it was changed`))
    assert.match(stdout, /3 seals before it are right/)
    assert.equal(code, 1)
  })

  test('audit:verify finds a cut tail by any head that was kept, typed or in a log', async () => {
    const kept: string[] = []
    for (let round = 0; round < 3; round += 1) {
      await happen(4)
      await seal()
      const { head } = await verify()
      kept.push(`${head?.seq}:${head?.hash}`)
    }
    const log = join(tmpdir(), `${randomUUID()}.log`)
    await writeFile(log, kept.map((head) => `${JSON.stringify({ level: 30, auditHead: head })}\n`).join(''))
    const whole = await run(['--expect-file', log, '--expect', kept[0] ?? ''])
    assert.equal(whole.code, 0)
    assert.match(whole.stdout, /^4 pins were compared\.$/m)
    assert.doesNotMatch(whole.stdout, /No pin was given/)

    await tamper(async (sql) => {
      await sql`delete from audit_events where id in (select event_id from audit_seals where seq > 8)`
      await sql`delete from audit_seals where seq > 8`
    })

    assert.equal((await run(['--expect', kept[1] ?? ''])).code, 0, 'it was kept before the cut')
    for (const args of [
      ['--expect', kept[1] ?? '', '--expect', kept[2] ?? ''],
      ['--expect-file', log],
    ]) {
      const { stdout, code } = await run(args)
      assert.match(stdout, /^BROKEN at seal 12: the end of the chain was cut off/)
      assert.equal(code, 1)
    }
    await rm(log)
  })

  test('audit:verify says which keys it lacks, and where a file of heads has none', async () => {
    await happen(1)
    await seal()
    const elsewhere = { AUDIT_KEYS: '', DATA_DIR: join(tmpdir(), randomUUID()) }
    assert.match((await run([], elsewhere)).stderr, /AUDIT_KEYS must be given: those that the worker has/)
    const other = await run([], { AUDIT_KEYS: `a2:${Buffer.alloc(32).toString('base64')}` })
    assert.match(other.stdout, /^BROKEN at seal 1, event .*: its key is not among AUDIT_KEYS/)
    assert.equal(other.code, 1)
    const nothing = await run(['--expect-file', '/dev/null'])
    assert.match(nothing.stderr, /^\/dev\/null has no SEQ:HASH in it/)
    assert.equal(nothing.code, 1)
  })

  test('audit:verify shows its usage when its arguments are wrong', async () => {
    for (const args of [['--expect', '7'], ['--expect', '0:ab'], ['--nonsense']]) {
      const { stderr, code } = await run(args)
      assert.match(stderr, /^Usage: npm run audit:verify/)
      assert.equal(code, 1)
    }
  })
})

onEachEngine('the scheduled job', (fixture) => {
  test('the scheduled job seals all events with several workers at once', async () => {
    await fixture.db.transaction(async (tx) => {
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

    await Promise.all([fixture.startWorker(), fixture.startWorker()])

    await eventually('all are sealed', async () => (await fixture.db.$count(auditUnsealed)) === 0)
    const report = await verifyChain(fixture.db, { keys: KEYS, pins: [] }, () => {})
    assert.equal(report.verified, 30)
    assert.equal(report.broken, null)
  })
})
