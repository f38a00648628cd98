import { and, eq, inArray, isNull, ne, notExists, or, sql } from 'drizzle-orm'
import { NO_REQUEST } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { applicationUses } from '../platform/db/schema/applications.ts'
import { approvals } from '../platform/db/schema/approvals.ts'
import { auditEvents, auditPersonal } from '../platform/db/schema/audit-events.ts'
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
  const former = await formerAddresses(tx, id)
  for (const table of OF_ONE_USER) await tx.delete(table).where(eq(table.userId, id))
  await tx.delete(auditPersonal).where(eq(auditPersonal.personId, id))
  await eraseMails(tx, id)
  await eraseInvitations(tx, id, [email, ...former], now)
  await eraseCases(tx, id, email, former)
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

/** Addresses that the person had and no user has now. */
async function formerAddresses(tx: Transaction, id: string): Promise<string[]> {
  const address = sql<string>`${auditPersonal.details} ->> 'from'`
  const isHeld = tx
    .select({ id: users.id })
    .from(users)
    .where(eq(foldedEmail(users.email), address))
  const rows = await tx
    .select({ address })
    .from(auditPersonal)
    .innerJoin(auditEvents, eq(auditEvents.id, auditPersonal.eventId))
    .where(
      and(eq(auditPersonal.personId, id), eq(auditEvents.action, 'user.email-changed'), notExists(isHeld)),
    )
  return rows.map((row) => row.address)
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
async function eraseInvitations(
  tx: Transaction,
  id: string,
  addresses: readonly string[],
  now: Date,
): Promise<void> {
  await tx
    .update(invitations)
    .set({ revokedAt: now })
    .where(and(eq(invitations.userId, id), isNull(invitations.usedAt), isNull(invitations.revokedAt)))
  // As typed in the file.
  const isTheirs = inArray(foldedEmail(sql`btrim(${invitationImportLines.email})`), addresses)
  await tx.delete(invitationImportLines).where(isTheirs)
  await tx.update(invitationImports).set({ origin: null }).where(eq(invitationImports.importedBy, id))
}

/** Cases keep who asked and who decided, as ids. */
async function eraseCases(
  tx: Transaction,
  id: string,
  email: string,
  former: readonly string[],
): Promise<void> {
  // An open case about a former address invites another person.
  const ofFormer = and(inArray(approvals.email, former), ne(approvals.status, 'open'))
  await tx
    .update(approvals)
    .set({
      name: formerName(id),
      email: sql`${approvals.id}::text || '@withdrawn.invalid'`,
    })
    .where(or(eq(approvals.userId, id), eq(approvals.email, email), ofFormer))
  await tx
    .update(approvals)
    .set({ origin: NO_REQUEST, requesterSession: null })
    .where(eq(approvals.requestedBy, id))
}
