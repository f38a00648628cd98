import { and, eq, inArray, isNull } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { activateUser } from '../gate/activate-user.ts'
import { type Person, passwordSuffices } from '../gate/facts.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { invitations } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'
import { hashPassword } from '../sign-in/password-hash.ts'
import { invitedPerson } from './invited-person.queries.ts'

/**
 * Accepts an invitation: sets the password and, if no role group requires MFA, activates the user. Otherwise the gate
 * asks for enrolment first. Null if the link is used or expired, or the account suspended.
 */
export async function acceptInvitation(
  deps: Deps,
  tokenHash: Buffer,
  password: string,
  origin: Origin,
): Promise<Person | null> {
  const passwordHash = await hashPassword(password)
  return deps.db.transaction(async (tx) => {
    await lockInvited(tx, tokenHash)
    const now = deps.clock.now()
    const person = await invitedPerson(deps, tx, tokenHash)
    if (!person || person.clientSuspended) return null
    const used = await tx
      .update(invitations)
      .set({ usedAt: now })
      .where(
        and(eq(invitations.tokenHash, tokenHash), isNull(invitations.usedAt), isNull(invitations.revokedAt)),
      )
      .returning({ id: invitations.id })
    if (used.length === 0) return null

    await tx.update(users).set({ passwordHash }).where(eq(users.id, person.id))
    const { id, clientId } = person
    const about = { at: now, outcome: 'success', origin, clientId, actorId: id, subjectId: id } as const
    await record(tx, { ...about, action: 'invitation.accepted' })
    if (!passwordSuffices(person, now)) return person
    await activateUser(tx, person, origin, now)
    await record(tx, { ...about, action: 'sign-in.completed', details: { with: 'password' } })
    return { ...person, status: 'active' as const }
  })
}

/** Locks the user before the invitation, as a withdrawal does: the other order would deadlock. */
async function lockInvited(tx: Transaction, tokenHash: Buffer): Promise<void> {
  const invited = tx
    .select({ userId: invitations.userId })
    .from(invitations)
    .where(eq(invitations.tokenHash, tokenHash))
  await tx.select({ id: users.id }).from(users).where(inArray(users.id, invited)).for('no key update')
}
