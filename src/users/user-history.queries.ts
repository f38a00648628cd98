import { desc, eq, inArray } from 'drizzle-orm'
import type { EventRow } from '../audit-log/event-sentence.ts'
import { readEvents } from '../audit-log/events.queries.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { Reader } from '../platform/db/client.ts'
import { auditEvents } from '../platform/db/schema/audit-events.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { users } from '../platform/db/schema/users.ts'

const SHOWN = 20

const LOCKOUT_ACTIONS: AuditAction[] = ['lockout.started', 'lockout.ended', 'lockout.lifted']
const SIGN_IN_ACTIONS: AuditAction[] = ['sign-in.password', 'sign-in.code', 'sign-in.completed', 'sign-out']

/** The newest events of a user's sign-in, at most 20 of each kind. */
export async function readUserHistory(db: Reader, userId: string) {
  return {
    authenticators: await db
      .select({
        status: authenticators.status,
        createdAt: authenticators.createdAt,
        pendingUntil: authenticators.pendingUntil,
        activatedAt: authenticators.activatedAt,
        revokedAt: authenticators.revokedAt,
        lastUsedAt: authenticators.lastUsedAt,
      })
      .from(authenticators)
      .where(eq(authenticators.userId, userId))
      .orderBy(desc(authenticators.id))
      .limit(SHOWN),
    resets: await db
      .select({
        status: mfaResets.status,
        requestedAt: mfaResets.requestedAt,
        completedAt: mfaResets.completedAt,
        byName: users.name,
        channel: mfaResets.channel,
        reason: mfaResets.reason,
        ticket: mfaResets.ticket,
        identifiedBy: mfaResets.identifiedBy,
      })
      .from(mfaResets)
      .innerJoin(users, eq(users.id, mfaResets.requestedBy))
      .where(eq(mfaResets.userId, userId))
      .orderBy(desc(mfaResets.id))
      .limit(SHOWN),
    lockouts: await readRecent(db, userId, LOCKOUT_ACTIONS),
    signIns: await readRecent(db, userId, SIGN_IN_ACTIONS),
  }
}

/** The newest of these events among the user's last 1 000: a user under attack must not slow the page down. */
export async function readRecent(
  db: Reader,
  userId: string,
  actions: AuditAction[],
  shown = SHOWN,
): Promise<EventRow[]> {
  const recent = db
    .select({ id: auditEvents.id, action: auditEvents.action })
    .from(auditEvents)
    .where(eq(auditEvents.subjectId, userId))
    .orderBy(desc(auditEvents.id))
    .limit(1000)
    .as('recent')
  const chosen = await db
    .select({ id: recent.id })
    .from(recent)
    .where(inArray(recent.action, actions))
    .orderBy(desc(recent.id))
    .limit(shown)
  const ids = chosen.map(({ id }) => id)
  return ids.length === 0 ? [] : readEvents(db, inArray(auditEvents.id, ids), shown)
}
