import { and, eq, isNull, ne } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { invitations, passwordResets } from '../db/schema/links.ts'
import { users } from '../db/schema/users.ts'
import { endSessions } from '../gate/end-sessions.ts'
import { shredded } from '../mfa/shredded.ts'

/** Ends the open invitation and what was begun through it. */
export async function closeInvitation(tx: Transaction, userId: string, now: Date): Promise<void> {
  await tx
    .update(invitations)
    .set({ revokedAt: now })
    .where(and(eq(invitations.userId, userId), isNull(invitations.usedAt), isNull(invitations.revokedAt)))
  await tx
    .update(passwordResets)
    .set({ usedAt: now })
    .where(and(eq(passwordResets.userId, userId), isNull(passwordResets.usedAt)))
  // Whoever had the link may have set up an authenticator of theirs, which would keep the person invited out.
  await tx
    .update(authenticators)
    .set(shredded(now))
    .where(and(eq(authenticators.userId, userId), ne(authenticators.status, 'revoked')))
  await tx.update(users).set({ passwordHash: null }).where(eq(users.id, userId))
  await endSessions(tx, userId, now)
}
