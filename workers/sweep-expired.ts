import { and, eq, inArray, isNull, lt, or, type SQL } from 'drizzle-orm'
import { erased } from '../src/gate/revoke-pending-authenticator.ts'
import type { Database } from '../src/platform/db/client.ts'
import { applicationSecrets } from '../src/platform/db/schema/applications.ts'
import { approvals } from '../src/platform/db/schema/approvals.ts'
import { authenticators } from '../src/platform/db/schema/authenticators.ts'
import { bulkActs } from '../src/platform/db/schema/bulk-acts.ts'
import { invitationImports } from '../src/platform/db/schema/invitation-imports.ts'
import { knownBrowsers } from '../src/platform/db/schema/known-browsers.ts'
import { emailChanges, passwordResets } from '../src/platform/db/schema/links.ts'
import { addressLimits, doubtfulSignIns, lockouts } from '../src/platform/db/schema/lockouts.ts'
import { oidcArtifacts, oidcGrants, oidcSessions } from '../src/platform/db/schema/oidc.ts'
import { outbox } from '../src/platform/db/schema/outbox.ts'
import { passCodes } from '../src/platform/db/schema/passes.ts'
import { sessionEnds, sessions } from '../src/platform/db/schema/sessions.ts'
import { signingKeys } from '../src/platform/db/schema/signing-keys.ts'
import { DAY } from '../src/platform/time/durations.ts'
import type { JobDeps } from './job.ts'
import { BATCH, inBatches, remove } from './remove-rows.ts'

const KEEP_PASSWORD_RESETS_MS = 30 * DAY
/** As long as they tie the person who asked (access/makers.ts). */
const KEEP_EMAIL_CHANGES_MS = 30 * DAY
/** The people of an import or a bulk act. The audit log keeps what was done. */
const KEEP_LINES_MS = 30 * DAY
const KEEP_DONE_MS = 7 * DAY
const KEEP_GRANTS_MS = 7 * DAY
/** The audit log keeps decisions. Cases also name people who never became users. */
const KEEP_APPROVALS_MS = 90 * DAY

/** Deletes expired rows. No rule depends on it: each compares the time itself. */
export async function sweepExpired({
  db,
  config,
  clock,
}: Pick<JobDeps, 'db' | 'config' | 'clock'>): Promise<void> {
  const now = clock.now()
  const before = (ms: number) => new Date(now.getTime() - ms)
  // The lockout policy counts earlier locks for this time.
  const keepLockouts = Math.max(2 * DAY, 2 * config.LOCKOUT_MAX_DURATION, config.LOCKOUT_WINDOW)

  await revokeAbandonedEnrolments(db, now)
  await remove(db, sessions, lt(sessions.expiresAt, now))
  await remove(db, sessionEnds, lt(sessionEnds.endedAt, before(DAY)))
  await remove(db, oidcArtifacts, lt(oidcArtifacts.expiresAt, now))
  await remove(db, oidcSessions, lt(oidcSessions.expiresAt, now))
  await remove(db, passCodes, lt(passCodes.expiresAt, now))
  await remove(db, applicationSecrets, lt(applicationSecrets.expiresAt, now))
  await remove(db, signingKeys, lt(signingKeys.leavesAt, now))
  const grantIsOver = or(
    lt(oidcGrants.endedAt, before(KEEP_GRANTS_MS)),
    lt(oidcGrants.expiresAt, before(KEEP_GRANTS_MS)),
  )
  await remove(db, oidcGrants, grantIsOver)
  await remove(db, addressLimits, lt(addressLimits.endsAt, now))
  await remove(db, passwordResets, lt(passwordResets.expiresAt, before(KEEP_PASSWORD_RESETS_MS)))
  await remove(db, emailChanges, lt(emailChanges.expiresAt, before(KEEP_EMAIL_CHANGES_MS)))
  await remove(
    db,
    invitationImports,
    and(eq(invitationImports.status, 'draft'), lt(invitationImports.createdAt, before(DAY))),
  )
  await remove(db, invitationImports, lt(invitationImports.finishedAt, before(KEEP_LINES_MS)))
  await remove(db, bulkActs, and(eq(bulkActs.status, 'draft'), lt(bulkActs.createdAt, before(DAY))))
  await remove(db, bulkActs, lt(bulkActs.finishedAt, before(KEEP_LINES_MS)))
  await remove(db, approvals, lt(approvals.decidedAt, before(KEEP_APPROVALS_MS)))
  await remove(db, doubtfulSignIns, lt(doubtfulSignIns.failedAt, before(DAY)))
  await remove(db, outbox, lt(outbox.doneAt, before(KEEP_DONE_MS)))
  const browserIsForgotten = or(
    lt(knownBrowsers.expiresAt, before(keepLockouts)),
    lt(knownBrowsers.endedAt, before(keepLockouts)),
  )
  await remove(db, knownBrowsers, browserIsForgotten)
  await remove(db, lockouts, forgotten(now, before(keepLockouts)))
}

/** An unfinished enrolment must leave no secret. */
async function revokeAbandonedEnrolments(db: Database, now: Date): Promise<void> {
  const abandoned = and(eq(authenticators.status, 'pending'), lt(authenticators.pendingUntil, now))
  const { id } = authenticators
  await inBatches(() =>
    db
      .update(authenticators)
      .set(erased(now))
      .where(
        and(abandoned, inArray(id, db.select({ id }).from(authenticators).where(abandoned).limit(BATCH))),
      ),
  )
}

/** Password rows of known and unknown addresses alike: a later lock must not reveal which addresses exist. */
function forgotten(now: Date, untouchedSince: Date): SQL | undefined {
  return and(
    lt(lockouts.updatedAt, untouchedSince),
    or(isNull(lockouts.lockedUntil), lt(lockouts.lockedUntil, now)),
    or(eq(lockouts.kind, 'password'), eq(lockouts.consecutiveFailures, 0)),
  )
}
