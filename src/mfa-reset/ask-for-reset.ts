import { and, eq, gt, lte } from 'drizzle-orm'
import { helpersOf } from '../access/admins.queries.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { factsOf, mayAskForReset, type Person } from '../gate/facts.ts'
import { holdSession } from '../gate/hold-session.ts'
import { codeLockOf } from '../lockout/policy.ts'
import { type AuditEntry, byOneself, type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { resetRequests } from '../platform/db/schema/reset-requests.ts'
import { notify, notifyAll } from '../platform/mail/notify.ts'
import { HOUR } from '../platform/time/durations.ts'

const ASK_AT_MOST_EVERY_MS = HOUR
/**
 * Further requests of an account within the hour are listed, but mailed to no helper: many known passwords must not
 * flood them.
 */
const MAILED_AN_HOUR = 10

/**
 * Opens the case of a person who lost their authenticator, for those who may reset it. It resets nothing: an attacker
 * with the password can ask too. False if this session may not ask; a repeated request is recorded as refused, and is
 * answered alike.
 */
export function askForReset(deps: Deps, session: ActingSession, origin: Origin): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const held = await holdSession(deps, tx, session)
    if (!held) return false
    const { person, now } = held
    const { authenticator } = person
    const codesLocked = codeLockOf(person, now) !== null
    if (!authenticator || !mayAskForReset(factsOf(session, person, now), codesLocked)) return false
    const asked = { ...byOneself(person, now, origin), action: 'mfa-reset.asked-for' } as const
    if (!(await openCase(tx, person, authenticator.id, now))) {
      await recordRepeat(tx, asked)
      return true
    }

    const eventId = await record(tx, asked)
    await notify(tx, { to: person.id, kind: 'reset-asked-for', eventId, facts: {} })
    if (await mailsAreSpent(tx, person.clientId, now)) return true
    const helpers = await helpersOf(tx, person)
    await notifyAll(
      tx,
      helpers.map((to) => ({ to, kind: 'reset-request', eventId, facts: {} }) as const),
    )
    return true
  })
}

/** Once an hour: with a password alone the log could be filled with repeats. */
async function recordRepeat(tx: Transaction, asked: Omit<AuditEntry, 'outcome'>): Promise<void> {
  const lately = and(
    eq(auditEvents.subjectId, asked.subjectId ?? ''),
    eq(auditEvents.action, asked.action),
    eq(auditEvents.outcome, 'refused'),
    gt(auditEvents.at, new Date(asked.at.getTime() - ASK_AT_MOST_EVERY_MS)),
  )
  if ((await tx.$count(auditEvents, lately)) === 0) await record(tx, { ...asked, outcome: 'refused' })
}

/** One conditional upsert: once an hour, also among parallel requests. */
async function openCase(
  tx: Transaction,
  { id: userId, clientId }: Person,
  authenticatorId: string,
  now: Date,
): Promise<boolean> {
  const opened = await tx
    .insert(resetRequests)
    .values({ userId, clientId, authenticatorId, askedAt: now })
    .onConflictDoUpdate({
      target: resetRequests.userId,
      set: { authenticatorId, askedAt: now },
      setWhere: lte(resetRequests.askedAt, new Date(now.getTime() - ASK_AT_MOST_EVERY_MS)),
    })
    .returning({ userId: resetRequests.userId })
  return opened.length === 1
}

async function mailsAreSpent(tx: Transaction, clientId: string, now: Date): Promise<boolean> {
  const withinHour = gt(resetRequests.askedAt, new Date(now.getTime() - HOUR))
  return (
    (await tx.$count(resetRequests, and(eq(resetRequests.clientId, clientId), withinHour))) > MAILED_AN_HOUR
  )
}
