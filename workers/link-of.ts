import { eq } from 'drizzle-orm'
import type { Config } from '../src/config.ts'
import { emailChangeOfLink } from '../src/email-change/email-changes.queries.ts'
import { invitedPerson } from '../src/invitations/invited-person.queries.ts'
import { type LinkPurpose, linkToken } from '../src/platform/crypto/link-token.ts'
import type { Transaction } from '../src/platform/db/client.ts'
import { emailChanges, invitations, passwordResets } from '../src/platform/db/schema/links.ts'
import { ownerOfResetLink } from '../src/sign-in/reset-link.queries.ts'
import { HopelessJobError, type JobDeps } from './job.ts'

export interface Link {
  url: string
  expiresAt?: Date
}

export async function linkOf(
  tx: Transaction,
  { kind, facts }: { kind: string; facts: Record<string, string> },
  deps: Pick<JobDeps, 'config' | 'clock'>,
): Promise<Link | 'closed' | null> {
  const { config } = deps
  if (kind === 'invitation' || kind === 'invitation-reminder') {
    const [invitation] = await tx
      .select()
      .from(invitations)
      .where(eq(invitations.id, facts.invitationId ?? ''))
    const invited = invitation && (await invitedPerson(deps, tx, invitation.tokenHash))
    if (!invited || invited.clientSuspended) return 'closed'
    const url = `${config.PUBLIC_URL}/activate/${tokenOf('invitation', invitation, config)}`
    return { url, expiresAt: invitation.expiresAt }
  }
  if (kind === 'password-reset') {
    const [reset] = await tx
      .select()
      .from(passwordResets)
      .where(eq(passwordResets.id, facts.passwordResetId ?? ''))
    if (!reset || !(await ownerOfResetLink(deps, tx, reset.tokenHash))) return 'closed'
    const url = `${config.PUBLIC_URL}/reset-password/${tokenOf('password-reset', reset, config)}`
    return { url, expiresAt: reset.expiresAt }
  }
  if (kind === 'email-change-link') {
    const [change] = await tx
      .select()
      .from(emailChanges)
      .where(eq(emailChanges.id, facts.emailChangeId ?? ''))
    if (!change || !(await emailChangeOfLink(deps, tx, change.tokenHash))) return 'closed'
    const url = `${config.PUBLIC_URL}/confirm-email/${tokenOf('email-change', change, config)}`
    return { url, expiresAt: change.expiresAt }
  }
  if (kind === 'mfa-reminder' || kind === 'mfa-required-from') return { url: `${config.PUBLIC_URL}/sign-in` }
  if (kind === 'locked-repeatedly') return { url: `${config.PUBLIC_URL}/users/${facts.userId}` }
  if (kind === 'platform-changed') return { url: `${config.PUBLIC_URL}/clients/${facts.clientId}` }
  if (kind === 'many-failures') {
    const query = new URLSearchParams({ action: 'sign-in.password', outcome: 'failure' })
    return { url: `${config.PUBLIC_URL}/clients/${facts.clientId}/audit?${query}` }
  }
  if (kind === 'mfa-reset-digest') {
    const { from = '', until = '' } = facts
    const query = new URLSearchParams({ action: 'mfa-reset.requested', from, to: until })
    return { url: `${config.PUBLIC_URL}/audit?${query}` }
  }
  return null
}

function tokenOf(purpose: LinkPurpose, row: { id: string; tokenHash: Buffer }, config: Config): string {
  const token = linkToken(purpose, row.id, row.tokenHash, config.ENCRYPTION_KEYS)
  if (!token) throw new HopelessJobError('the key that made this link is no longer in ENCRYPTION_KEYS')
  return token
}
