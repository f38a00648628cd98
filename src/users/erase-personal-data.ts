import { and, eq, inArray, isNull, or, sql } from 'drizzle-orm'
import { NO_REQUEST } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applicationUses } from '../platform/db/schema/applications.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { auditPersonal } from '../platform/db/schema/audit-events.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { invitationImportLines, invitationImports } from '../platform/db/schema/invitation-imports.ts'
import { knownBrowsers } from '../platform/db/schema/known-browsers.ts'
import { emailChanges, invitations, passwordResets } from '../platform/db/schema/links.ts'
import { doubtfulSignIns, lockouts } from '../platform/db/schema/lockouts.ts'
import { mfaResets } from '../platform/db/schema/mfa-resets.ts'
import { notifications } from '../platform/db/schema/notifications.ts'
import { outbox } from '../platform/db/schema/outbox.ts'
import { resetRequests } from '../platform/db/schema/reset-requests.ts'
import { memberships } from '../platform/db/schema/role-groups.ts'
import { sessionEnds, sessions } from '../platform/db/schema/sessions.ts'
import { addressOfWithdrawn, foldedEmail, formerName, users } from '../platform/db/schema/users.ts'

/** In the order of their foreign keys. */
const OF_ONE_USER = [
  sessions,
  sessionEnds,
  doubtfulSignIns,
  knownBrowsers,
  applicationUses,
  memberships,
  passwordResets,
  emailChanges,
  resetRequests,
  mfaResets,
  authenticators,
] as const

/**
 * Erases what the tables hold of a person. The row of the user stays, with a pseudonym: audit events and what they did to
 * others refer to it. Triggers remove the rows of the lists.
 */
export async function erasePersonalData(
  tx: Transaction,
  { id, email }: { id: string; email: string },
  now: Date,
): Promise<void> {
  const browserIds = tx
    .select({ id: knownBrowsers.id })
    .from(knownBrowsers)
    .where(eq(knownBrowsers.userId, id))
  await tx.delete(lockouts).where(or(eq(lockouts.subject, id), inArray(lockouts.subject, browserIds)))
  for (const table of OF_ONE_USER) await tx.delete(table).where(eq(table.userId, id))
  await tx.delete(auditPersonal).where(eq(auditPersonal.personId, id))
  await eraseMails(tx, id)
  await eraseInvitations(tx, id, email, now)
  await eraseCases(tx, id, email)
  await tx
    .update(users)
    .set({
      status: 'withdrawn',
      name: formerName(users.id),
      email: addressOfWithdrawn,
      passwordHash: null,
      mfaRemindedAt: null,
      withdrawnAt: now,
      erasedAt: now,
    })
    .where(eq(users.id, id))
}

async function eraseMails(tx: Transaction, id: string): Promise<void> {
  const theirs = tx
    .select({ id: sql<string>`${notifications.id}::text` })
    .from(notifications)
    .where(eq(notifications.recipientId, id))
  // The answer of a mail server may repeat the address.
  await tx
    .update(outbox)
    .set({ failure: null })
    .where(and(isNull(outbox.doneAt), inArray(sql`${outbox.payload} ->> 'notificationId'`, theirs)))
  await tx.delete(notifications).where(eq(notifications.recipientId, id))
}

/** An invitation says without a name who invited whom: ties between administrators follow from it. */
async function eraseInvitations(tx: Transaction, id: string, email: string, now: Date): Promise<void> {
  await tx
    .update(invitations)
    .set({ revokedAt: now })
    .where(and(eq(invitations.userId, id), isNull(invitations.usedAt), isNull(invitations.revokedAt)))
  // As typed in the file.
  const isTheirs = eq(foldedEmail(sql`btrim(${invitationImportLines.email})`), email)
  await tx.delete(invitationImportLines).where(isTheirs)
  await tx.update(invitationImports).set({ origin: null }).where(eq(invitationImports.importedBy, id))
}

/** Cases keep who asked and who decided, as ids. */
async function eraseCases(tx: Transaction, id: string, email: string): Promise<void> {
  await tx
    .update(approvals)
    .set({
      name: formerName(id),
      email: sql`${approvals.id}::text || '@withdrawn.invalid'`,
    })
    .where(or(eq(approvals.userId, id), eq(approvals.email, email)))
  await tx
    .update(approvals)
    .set({ origin: NO_REQUEST, requesterSession: null })
    .where(eq(approvals.requestedBy, id))
}
