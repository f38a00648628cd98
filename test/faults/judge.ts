// Compares the ledger with the database, the mail catcher and the audit log, after everything is over.

import type postgres from 'postgres'
import type { SmtpServer } from '../support/smtp-server.ts'
import { grouped } from './grouped.ts'
import type { Installation } from './installation.ts'
import { type CodesVerdict, judgeCodes, type Lock } from './judge-codes.ts'
import { type Event, type EventsVerdict, judgeEvents } from './judge-events.ts'
import { type GateVerdict, judgeGate } from './judge-gate.ts'
import { judgeLogouts, type LogoutsVerdict } from './judge-logouts.ts'
import { judgeTimes, type TimesVerdict } from './judge-times.ts'
import { type Entry, outcomeOf, type Timed } from './ledger.ts'
import type { Machine } from './machine.ts'

export interface Verdict {
  violations: string[]
  events: EventsVerdict
  gate: GateVerdict
  codes: CodesVerdict
  mails: { sent: number; doubled: number }
  logouts: LogoutsVerdict
  times: TimesVerdict
}

/** Mails and logout tokens are those that arrived. */
export async function judge(
  { sql, mailServer, party, logoutTokens }: Installation,
  { entries, looks }: { entries: readonly Entry[]; looks: readonly Timed[] },
  machine: Pick<Machine, 'delayMs'>,
): Promise<Verdict> {
  const events = judgeEvents(entries, await readEvents(sql))
  const gate = judgeGate(entries)
  const codes = judgeCodes(entries, await readLocks(sql))
  const mails = await judgeMails(sql, mailServer.received)
  const logouts = await judgeLogouts(sql, party, logoutTokens.received)
  const work = await judgeWork(sql, entries)
  const policy = await judgePolicy(sql, entries)
  const times = judgeTimes([...entries, ...looks], machine)
  const parts = [events, gate, codes, mails, logouts, work, policy]
  const violations = parts.flatMap((part) => part.violations)
  return { violations, events, gate, codes, mails, logouts, times }
}

function readEvents(sql: postgres.Sql): Promise<Event[]> {
  return sql<Event[]>`select request_id as "requestId", action, outcome::text from audit_events`
}

/** A lock ends by its time, by an Admin or by a reset: one event each. */
async function readLocks(sql: postgres.Sql): Promise<Lock[]> {
  const rows = await sql<
    { person: string; kind: Lock['kind']; from: Date; until: Date; ends: Date[]; isFollowed: boolean }[]
  >`
    with started as (
      select subject_id, at, details ->> 'kind' as kind, (details ->> 'lockedUntil')::timestamptz as until,
        lead(at, 1, 'infinity') over (partition by subject_id, details ->> 'kind' order by at, id) as next
      from audit_events where action = 'lockout.started' and details ->> 'knownBrowser' is null
    )
    select s.subject_id as person, s.kind, s.at as from, s.until, array(
      select e.at from audit_events e
      where e.subject_id = s.subject_id and e.action in ('lockout.ended', 'lockout.lifted') and e.outcome = 'success'
        and e.details ->> 'kind' = s.kind and e.details ->> 'knownBrowser' is null and e.at >= s.at and e.at < s.next
    ) as ends, s.next < 'infinity' as "isFollowed" from started s`
  return rows.map(({ person, kind, from, until, ends, isFollowed }) => ({
    person,
    kind,
    from: from.getTime(),
    until: Math.min(until.getTime(), ...ends.map((at) => at.getTime())),
    endings: ends.length,
    isFollowed,
  }))
}

async function judgeMails(sql: postgres.Sql, received: SmtpServer['received']) {
  const rows = await sql<{ id: string; email: string; kind: string; sentAt: Date | null }[]>`
    select n.id, u.email, n.kind, n.sent_at as "sentAt" from notifications n join users u on u.id = n.recipient_id`
  const violations: string[] = []
  const byId = grouped(received, ({ messageId }) => /<([^@]+)@/.exec(messageId)?.[1] ?? messageId)
  for (const { id, email, kind, sentAt } of rows) {
    const copies = byId.get(id) ?? []
    byId.delete(id)
    if (!sentAt || copies.length === 0)
      violations.push(
        `a mail that was not sent: ${kind} ${id}, marked ${sentAt?.toISOString() ?? 'not sent'}`,
      )
    if (copies.some(({ to }) => to !== email)) violations.push(`a mail to another address: ${kind} ${id}`)
  }
  for (const id of byId.keys()) violations.push(`a mail of no notification: ${id}`)
  return { violations, sent: rows.length, doubled: received.length - rows.length }
}

/** Everything that was begun is finished, once, and every acknowledged act has its row. */
async function judgeWork(sql: postgres.Sql, entries: readonly Entry[]) {
  const requestsOf = (outcome: string) =>
    entries.filter((entry) => outcomeOf(entry) === outcome).map(({ requestId }) => requestId ?? '')
  const invited = entries
    .filter((entry) => outcomeOf(entry) === 'invite 303 /users')
    .map(({ about }) => about)
  const resets = requestsOf('reset 303 /users')
  const [row] = await sql<[Record<string, number>]>`
    select
      (select count(*)::int from outbox where failed_at is not null) as "jobs given up",
      (select count(*)::int from outbox where done_at is null and coalesce(due_at, now()) <= now()) as "jobs open",
      (select count(*)::int from mfa_resets where status <> 'completed') as "resets not completed",
      (select count(*)::int from mfa_resets r join authenticators a on a.id = r.authenticator_id
        where a.status <> 'revoked') as "reset authenticators that are not revoked",
      (select count(*)::int from mfa_resets) - (select count(*)::int from audit_events
        where action = 'mfa-reset.completed') as "resets without exactly one completion",
      ${resets.length} - (select count(*)::int from mfa_resets r join audit_events e on e.id = r.event_id
        where e.request_id = any(${resets})) as "acknowledged resets without a row",
      ${invited.length} - (select count(distinct u.id)::int from users u join invitations i on i.user_id = u.id
        where u.email = any(${invited})) as "acknowledged invitations without a row"`
  const violations = Object.entries(row).flatMap(([what, count]) =>
    count === 0 ? [] : [`${what}: ${count}`],
  )
  return { violations }
}

/** The policy is the one that was acknowledged last, unless a later change has no answer. */
async function judgePolicy(sql: postgres.Sql, entries: readonly Entry[]) {
  const changes = entries.filter(({ act }) => act === 'policy')
  const last = changes.findLastIndex((entry) => outcomeOf(entry).startsWith('policy 303'))
  const possible = changes.slice(Math.max(0, last)).map(({ about }) => keys(about))
  if (last === -1) return { violations: [] }
  const rows = await sql<{ key: string }[]>`
    select r.key from mfa_policies p join role_groups r on r.id = p.role_group_id join clients c on c.id = p.client_id
    where c.name = 'Meridian Foods'`
  const now = keys(rows.map(({ key }) => key).join(' '))
  return {
    violations: possible.includes(now) ? [] : [`the policy is '${now}', not '${possible.join("' or '")}'`],
  }
}

function keys(text: string): string {
  return text.split(' ').sort().join(' ')
}
