import { desc, eq } from 'drizzle-orm'
import type { Reader } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'

export interface InvitationState {
  state: 'open' | 'expired' | 'accepted'
  sentAt: Date
  expiresAt: Date
  acceptedAt: Date | null
}

/** The state of a user's latest invitation; null if there was none. */
export async function readInvitation(db: Reader, userId: string, now: Date): Promise<InvitationState | null> {
  const [row] = await db
    .select({
      sentAt: invitations.createdAt,
      expiresAt: invitations.expiresAt,
      acceptedAt: invitations.usedAt,
    })
    .from(invitations)
    .where(eq(invitations.userId, userId))
    .orderBy(desc(invitations.id))
    .limit(1)
  if (!row) return null
  return { ...row, state: row.acceptedAt ? 'accepted' : row.expiresAt <= now ? 'expired' : 'open' }
}
