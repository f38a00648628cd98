// A simulated year: the tables keep their sizes, apart from the audit log, which is never shortened.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DAY } from '../../src/platform/time/durations.ts'
import { removeHistory } from '../../workers/remove-history.ts'
import { sweepExpired } from '../../workers/sweep-expired.ts'
import { addApplication } from '../support/applications.ts'
import { WorkerFixture } from './worker-fixture.ts'

const WEEK = 7 * DAY
const WEEKS = 52
/** From then on nothing is younger than the longest time that rows are kept. */
const SETTLED_WEEK = 30

const fixture = new WorkerFixture('postgres')
before(() => fixture.open())
after(() => fixture.close())

test('over a year every table that a week of use fills stays as large as it was after half a year', async () => {
  const now = new Date()
  const deps = { ...fixture.deps, clock: { now: () => now } }
  const { id: applicationId } = await addApplication(fixture.db, { name: 'Used all year' })
  const start = now.getTime()
  let settled: Map<string, number> | null = null

  for (let week = 1; week <= WEEKS; week += 1) {
    now.setTime(start + week * WEEK)
    await useForAWeek(now, week, applicationId)
    await sweepExpired(deps)
    await removeHistory(deps)
    // What the sweep queued, a worker would have done by the next week.
    await fixture.sql`update outbox set dispatched_at = ${now.toISOString()}, done_at = ${now.toISOString()} where done_at is null`
    if (week === SETTLED_WEEK) settled = await countRows()
  }

  assert.ok(settled)
  const filled = [...settled].filter(([, rows]) => rows > 1).map(([table]) => table)
  for (const table of ['invitations', 'mfa_resets', 'authenticators', 'notifications', 'outbox'])
    assert.ok(filled.includes(table), table)
  assert.deepEqual(await countRows(), settled)
})

test('what is recent, open or the newest of its kind stays', async () => {
  const { sql } = fixture
  const [invited] = await sql<[{ id: string }]>`
    insert into users (client_id, email, name, status) select client_id, 'waiting@test.example', 'Waiting', 'invited'
    from users where id = ${fixture.userId} returning id`
  const [mail] = await sql<[{ id: string }]>`
    insert into notifications (recipient_id, kind, created_at)
    values (${fixture.userId}, 'open-mail', now() - interval '40 days') returning id`
  await sql`
    insert into outbox (job, payload) values ('send-notification', jsonb_build_object('notificationId', ${mail.id}::text))`
  await sql`
    insert into notifications (recipient_id, kind, created_at) values (${fixture.userId}, 'recent-mail', now() - interval '20 days')`
  await sql`
    insert into invitations (user_id, token_hash, expires_at)
    values (${invited.id}, ${Buffer.from('newest of the waiting user')}, now() - interval '200 days')`
  // Enabled again, this person is invited once more: when the invitation expired decides who must approve it.
  const [disabled] = await sql<[{ id: string }]>`
    insert into users (client_id, email, name, status) select client_id, 'disabled@test.example', 'Disabled', 'disabled'
    from users where id = ${fixture.userId} returning id`
  await sql`
    insert into invitations (user_id, token_hash, expires_at)
    values (${disabled.id}, ${Buffer.from('invitation of a disabled user')}, now() - interval '200 days')`
  const kept = () =>
    sql`select (select count(*)::int from notifications where kind like '%-mail') as mails,
      (select count(*)::int from invitations where user_id in (${invited.id}, ${disabled.id})) as invitations`
  const before = await kept()

  await removeHistory(fixture.deps)

  assert.deepEqual([...(await kept())], [...before])
  assert.deepEqual([...before], [{ mails: 2, invitations: 2 }])
})

/** Ten of everything, which end in the way of most. */
async function useForAWeek(now: Date, week: number, applicationId: string): Promise<void> {
  const { sql, userId } = fixture
  const times = { at: now.toISOString(), soon: new Date(now.getTime() + DAY).toISOString() }
  await sql.begin(async (tx) => {
    const { at, soon } = times
    await tx`
      with made as (
        insert into sessions (id, user_id, data, created_at, touched_at, expires_at)
        select ${week}::text || '-' || n, ${userId}, '{}', ${at}, ${at}, ${soon} from generate_series(1, 10) n returning id
      ), coded as (
        insert into pass_codes (code_hash, session_id, application_id, begun_hash, expires_at)
        select sha256(id::bytea), id, ${applicationId}, '', ${soon} from made
      ), granted as (
        insert into oidc_grants (application_id, user_id, sid, payload, created_at, ended_at, expires_at)
        select ${applicationId}, ${userId}, id, '{}', ${at}, ${at}, ${soon} from made
      ), passed as (
        insert into passes (pass_hash, session_id, application_id, created_at)
        select sha256(id::bytea), id, ${applicationId}, ${at} from made
      )
      insert into oidc_sessions (uid, session_id, expires_at) select id, id, ${soon} from made`
    await tx`
      insert into oidc_artifacts (model, id_hash, payload, expires_at)
      select 'AccessToken', sha256((${week}::text || '-' || n)::bytea), '{}', ${soon} from generate_series(1, 10) n`
    await tx`
      insert into address_limits (address, failures, ends_at)
      select ${week}::text || '-' || n, 1, ${soon} from generate_series(1, 10) n`
    await tx`
      insert into lockouts (subject, kind, updated_at) select gen_random_uuid(), 'password', ${at} from generate_series(1, 10)`
    await tx`
      insert into known_browsers (user_id, token_hash, created_at, last_used_at, expires_at)
      select ${userId}, ${week}::text || '-' || n, ${at}, ${at}, ${soon} from generate_series(1, 10) n`
    await tx`
      insert into password_resets (token_hash, created_at, expires_at)
      select sha256((${week}::text || '-' || n)::bytea), ${at}, ${soon} from generate_series(1, 10) n`
    await tx`
      insert into invitations (user_id, token_hash, created_at, expires_at, used_at)
      select ${userId}, sha256((${week}::text || '-' || n)::bytea), ${at}, ${soon}, ${at} from generate_series(1, 10) n`
    await tx`
      insert into notifications (recipient_id, kind, created_at, sent_at)
      select ${userId}, 'password-changed', ${at}, case when n > 1 then ${at}::timestamptz end from generate_series(1, 10) n`
    await tx`
      insert into outbox (job, payload, created_at, dispatched_at, done_at)
      select 'send-notification', '{}', ${at}, ${at}, ${at} from generate_series(1, 10)`
    await resetTenTimes(tx, at)
  })
}

type Tx = Parameters<Parameters<typeof fixture.sql.begin>[1]>[0]

async function resetTenTimes(tx: Tx, at: string): Promise<void> {
  const { userId } = fixture
  await tx`
    with admin as (
      insert into users (client_id, email, name, status) select client_id, 'an-admin@test.example', 'An Admin', 'invited'
      from users where id = ${userId} on conflict do nothing returning id
    ), event as (
      insert into audit_events (at, action, outcome) values (${at}, 'mfa-reset.requested', 'success') returning id
    ), digest as (
      insert into mfa_reset_digests (client_id, ends_at, sent_at)
      select client_id, ${at}, ${at} from users where id = ${userId} returning id
    ), revoked as (
      insert into authenticators (user_id, status, pending_until, revoked_at)
      select ${userId}, 'revoked', ${at}, ${at} from generate_series(1, 10) returning id
    ), by as (
      select id from admin union select id from users where email = 'an-admin@test.example'
    )
    insert into mfa_resets (client_id, user_id, authenticator_id, requested_by, event_id, channel, reason, status,
      requested_at, completed_at, digest_id)
    select u.client_id, u.id, revoked.id, by.id, event.id, 'admin', 'Phone lost', 'completed', ${at}, ${at}, digest.id
    from users u, revoked, by, event, digest where u.id = ${userId}`
}

/** Of each table that is not the audit log. */
async function countRows(): Promise<Map<string, number>> {
  const { sql } = fixture
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'audit%' order by 1`
  const counts = new Map<string, number>()
  for (const { name } of tables) {
    const [row] = await sql<[{ rows: number }]>`select count(*)::int as rows from ${sql(name)}`
    counts.set(name, row.rows)
  }
  return counts
}
