// The links that the mails would carry: the database has only their hashes.
import assert from 'node:assert/strict'
import { desc, eq } from 'drizzle-orm'
import { linkToken } from '../../src/at-rest/link-token.ts'
import { invitations, passwordResets } from '../../src/db/schema/links.ts'
import { users } from '../../src/db/schema/users.ts'
import type { TestApp } from '../support/app.ts'

export async function invitationLink({ deps }: TestApp, email: string): Promise<string> {
  const [row] = await deps.db
    .select({ id: invitations.id, hash: invitations.tokenHash })
    .from(invitations)
    .innerJoin(users, eq(users.id, invitations.userId))
    .where(eq(users.email, email))
    .orderBy(desc(invitations.id))
    .limit(1)
  assert.ok(row)
  return `/activate/${linkToken('invitation', row.id, row.hash, deps.config.ENCRYPTION_KEYS)}`
}

/** The newest link for a new password of this person. */
export async function passwordResetLink({ deps }: TestApp, email: string): Promise<string> {
  const [row] = await deps.db
    .select({ id: passwordResets.id, hash: passwordResets.tokenHash })
    .from(passwordResets)
    .innerJoin(users, eq(users.id, passwordResets.userId))
    .where(eq(users.email, email))
    .orderBy(desc(passwordResets.id))
    .limit(1)
  assert.ok(row)
  return `/reset-password/${linkToken('password-reset', row.id, row.hash, deps.config.ENCRYPTION_KEYS)}`
}
