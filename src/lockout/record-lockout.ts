import { and, eq, gt } from 'drizzle-orm'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { notify } from '../platform/mail/notify.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import type { LockoutKind } from './lockouts.queries.ts'
import { LOCKS_WITHIN_MS, locksAreRepeated } from './warnings.ts'

export interface LockoutOwner {
  id: string
  clientId: string
}

/**
 * Records a lock and queues a mail to the user, and a job if it is one of many. An e-mail address without a user is
 * recorded without a subject.
 */
export async function recordLockout(
  tx: Transaction,
  lockout: {
    at: Date
    kind: LockoutKind
    person: LockoutOwner | null
    /** Set if only the count of this known browser is locked. */
    knownBrowser: string | null
    lockedUntil: Date
    origin: Origin
  },
): Promise<void> {
  const { at, kind, person, knownBrowser, origin } = lockout
  const lockedUntil = lockout.lockedUntil.toISOString()
  const eventId = await record(tx, {
    at,
    action: 'lockout.started',
    outcome: 'success',
    origin,
    clientId: person?.clientId ?? null,
    actorId: null,
    subjectId: person?.id ?? null,
    details: { kind, lockedUntil, ...(knownBrowser && { knownBrowser }) },
  })
  if (!person) return
  await notify(tx, {
    to: person.id,
    kind: 'lockout',
    eventId,
    facts: { kind, where: whereOf(knownBrowser), lockedUntil },
  })
  if (locksAreRepeated(await countLocks(tx, person, at))) await enqueue(tx, 'warn-of-locks', { eventId })
}

function countLocks(tx: Transaction, { id, clientId }: LockoutOwner, now: Date): Promise<number> {
  return tx.$count(
    auditEvents,
    and(
      eq(auditEvents.clientId, clientId),
      eq(auditEvents.subjectId, id),
      gt(auditEvents.at, new Date(now.getTime() - LOCKS_WITHIN_MS)),
      eq(auditEvents.action, 'lockout.started'),
    ),
  )
}

export function whereOf(knownBrowser: string | null): 'everywhere' | 'known-browser' {
  return knownBrowser === null ? 'everywhere' : 'known-browser'
}
