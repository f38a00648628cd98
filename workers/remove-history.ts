import { and, eq, exists, gt, isNotNull, lt, notExists, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Database } from '../src/platform/db/client.ts'
import { authenticators } from '../src/platform/db/schema/authenticators.ts'
import { invitations } from '../src/platform/db/schema/links.ts'
import { mfaResetDigests, mfaResets } from '../src/platform/db/schema/mfa-resets.ts'
import { notifications } from '../src/platform/db/schema/notifications.ts'
import { backupMarks, signInCounts } from '../src/platform/db/schema/operations.ts'
import { outbox } from '../src/platform/db/schema/outbox.ts'
import { users } from '../src/platform/db/schema/users.ts'
import { DAY } from '../src/platform/time/durations.ts'
import { eraseWithdrawn } from '../src/users/erase-withdrawn.ts'
import type { JobDeps } from './job.ts'
import { remove } from './remove-rows.ts'

/** How long the audit log shows whose invitation was withdrawn. */
const KEEP_WITHDRAWN_MS = 30 * DAY
const KEEP_NOTIFICATIONS_MS = 30 * DAY
const KEEP_INVITATIONS_MS = 90 * DAY
const KEEP_RESETS_MS = 180 * DAY
const KEEP_AUTHENTICATORS_MS = 180 * DAY
const KEEP_SIGN_IN_COUNTS_MS = 7 * DAY
const KEEP_BACKUP_MARKS_MS = 90 * DAY

/**
 * Erases people whose invitation was withdrawn, and deletes old counts, mails, invitations, resets and revoked
 * authenticators. The audit log keeps what was done. A user's newest reset stays, and the newest invitation of a user who has not activated the account.
 */
export async function removeHistory({ db, clock }: Pick<JobDeps, 'db' | 'clock'>): Promise<void> {
  const before = (ms: number) => new Date(clock.now().getTime() - ms)

  const eraseSome = () => db.transaction((tx) => eraseWithdrawn(tx, before(KEEP_WITHDRAWN_MS), clock.now()))
  while (await eraseSome());
  await remove(db, signInCounts, lt(signInCounts.minute, before(KEEP_SIGN_IN_COUNTS_MS)))
  await remove(db, backupMarks, oldMark(db, before(KEEP_BACKUP_MARKS_MS)))
  await remove(db, notifications, oldNotification(db, before(KEEP_NOTIFICATIONS_MS)))
  await remove(db, invitations, oldInvitation(db, before(KEEP_INVITATIONS_MS)))
  await remove(db, mfaResets, oldReset(db, before(KEEP_RESETS_MS)))
  const withoutResets = notExists(
    db.select().from(mfaResets).where(eq(mfaResets.digestId, mfaResetDigests.id)),
  )
  await remove(db, mfaResetDigests, and(lt(mfaResetDigests.sentAt, before(KEEP_RESETS_MS)), withoutResets))
  // After the resets, which refer to them.
  const withoutReset = notExists(
    db.select().from(mfaResets).where(eq(mfaResets.authenticatorId, authenticators.id)),
  )
  await remove(
    db,
    authenticators,
    and(
      eq(authenticators.status, 'revoked'),
      lt(authenticators.revokedAt, before(KEEP_AUTHENTICATORS_MS)),
      withoutReset,
    ),
  )
}

/** Also one that was never sent, such as one whose link was closed, unless its job is still open. */
function oldNotification(db: Database, before: Date): SQL | undefined {
  const openJob = db
    .select()
    .from(outbox)
    .where(
      and(
        sql`${outbox.doneAt} is null`,
        sql`${outbox.payload} ->> 'notificationId' = ${notifications.id}::text`,
      ),
    )
  return and(lt(notifications.createdAt, before), notExists(openJob))
}

/** The last mark stays: it says for how long there has been no back-up. */
function oldMark(db: Database, before: Date): SQL | undefined {
  const later = alias(backupMarks, 'later')
  const isFollowed = exists(db.select().from(later).where(gt(later.id, backupMarks.id)))
  return and(lt(backupMarks.at, before), isFollowed)
}

function oldInvitation(db: Database, before: Date): SQL | undefined {
  const later = alias(invitations, 'later')
  const isFollowed = exists(
    db
      .select()
      .from(later)
      .where(and(eq(later.userId, invitations.userId), gt(later.id, invitations.id))),
  )
  const isActivated = exists(
    db
      .select()
      .from(users)
      .where(
        and(
          eq(users.id, invitations.userId),
          // Not `status`: a person who was disabled before they activated may be enabled, and invited again.
          or(isNotNull(users.activatedAt), eq(users.status, 'withdrawn')),
        ),
      ),
  )
  return and(lt(invitations.expiresAt, before), or(isFollowed, isActivated))
}

function oldReset(db: Database, before: Date): SQL | undefined {
  const later = alias(mfaResets, 'later')
  const isFollowed = exists(
    db
      .select()
      .from(later)
      .where(and(eq(later.userId, mfaResets.userId), gt(later.id, mfaResets.id))),
  )
  return and(lt(mfaResets.completedAt, before), isFollowed)
}
