import { and, eq, isNull, ne } from 'drizzle-orm'
import { endSessions } from '../gate/end-sessions.ts'
import { erased } from '../gate/revoke-pending-authenticator.ts'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { invitations, passwordResets } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'

/** Ends the open invitation, and the password, enrolment and sessions that came from it. */
export async function closeInvitation(tx: Transaction, userId: string, now: Date): Promise<void> {
  await tx
    .update(invitations)
    .set({ revokedAt: now })
    .where(and(eq(invitations.userId, userId), isNull(invitations.usedAt), isNull(invitations.revokedAt)))
  await tx
    .update(passwordResets)
    .set({ usedAt: now })
    .where(and(eq(passwordResets.userId, userId), isNull(passwordResets.usedAt)))
  // A thief of the link may have enrolled an authenticator, which would lock the invited person out.
  await tx
    .update(authenticators)
    .set(erased(now))
    .where(and(eq(authenticators.userId, userId), ne(authenticators.status, 'revoked')))
  await tx.update(users).set({ passwordHash: null }).where(eq(users.id, userId))
  await endSessions(tx, userId, now, 'invitation-closed')
}
