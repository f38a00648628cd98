import { eq } from 'drizzle-orm'
import { type LinkPurpose, linkToken } from '../src/at-rest/link-token.ts'
import type { Config } from '../src/config.ts'
import type { Transaction } from '../src/db/client.ts'
import { invitations, passwordResets } from '../src/db/schema/links.ts'
import { users } from '../src/db/schema/users.ts'
import { HopelessJobError } from './job.ts'

/**
 * The link that a mail carries; null for a mail without one, 'closed' when it would lead nowhere (used, withdrawn,
 * expired, or of nobody who could use it).
 */
export async function linkOf(
  tx: Transaction,
  { kind, facts }: { kind: string; facts: Record<string, string> },
  config: Config,
  now: Date,
): Promise<string | 'closed' | null> {
  if (kind === 'invitation' || kind === 'invitation-reminder') {
    const [row] = await tx
      .select({ invitation: invitations, status: users.status })
      .from(invitations)
      .innerJoin(users, eq(users.id, invitations.userId))
      .where(eq(invitations.id, facts.invitationId ?? ''))
    const { invitation, status } = row ?? {}
    if (!invitation || invitation.usedAt || invitation.revokedAt || invitation.expiresAt <= now)
      return 'closed'
    if (status !== 'invited') return 'closed'
    return `${config.PUBLIC_URL}/activate/${tokenOf('invitation', invitation, config)}`
  }
  if (kind === 'password-reset') {
    const [reset] = await tx
      .select()
      .from(passwordResets)
      .where(eq(passwordResets.id, facts.passwordResetId ?? ''))
    if (!reset?.userId || reset.usedAt || reset.expiresAt <= now) return 'closed'
    return `${config.PUBLIC_URL}/reset-password/${tokenOf('password-reset', reset, config)}`
  }
  return null
}

function tokenOf(purpose: LinkPurpose, row: { id: string; tokenHash: Buffer }, config: Config): string {
  const token = linkToken(purpose, row.id, row.tokenHash, config.ENCRYPTION_KEYS)
  if (!token) throw new HopelessJobError('the key that made this link is no longer in ENCRYPTION_KEYS')
  return token
}
