import { and, eq, isNull } from 'drizzle-orm'
import { tellOfAdministrator } from '../access/tell-administrators.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import { isTaken } from '../invitations/invited-person.queries.ts'
import { type Origin, record, recordWithPersonal } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { emailChanges, passwordResets } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'
import { notify } from '../platform/mail/notify.ts'
import { emailChangeOfLink } from './email-changes.queries.ts'

/**
 * Completes a change of address: open links for a new password die, and all sessions end. Password and MFA stay. 'taken':
 * another user has the address; the answer reaches only the mailbox of that address.
 */
export function confirmEmailChange(
  deps: Deps,
  tokenHash: Buffer,
  origin: Origin,
): Promise<'changed' | 'taken' | 'gone'> {
  return deps.db.transaction(async (tx) => {
    const found = await emailChangeOfLink(deps, tx, tokenHash)
    if (!found) return 'gone'
    await tx.select({ id: users.id }).from(users).where(eq(users.id, found.userId)).for('no key update')
    // Read again behind the lock: of two confirmations at once the second finds it used.
    const change = await emailChangeOfLink(deps, tx, tokenHash)
    if (!change) return 'gone'

    const { id, userId, clientId, oldEmail, newEmail } = change
    const at = deps.clock.now()
    const about = { at, origin, action: 'user.email-changed', actorId: null, subjectId: userId } as const
    if (!(await setEmail(tx, userId, newEmail))) {
      // Not in the audit log of the account: whether an address is used elsewhere is not its Admins' to learn.
      await record(tx, {
        ...about,
        outcome: 'failure',
        clientId: null,
        details: { problem: 'address-taken' },
      })
      return 'taken'
    }
    await tx.update(emailChanges).set({ usedAt: at }).where(eq(emailChanges.id, id))
    await tx
      .update(passwordResets)
      .set({ usedAt: at })
      .where(and(eq(passwordResets.userId, userId), isNull(passwordResets.usedAt)))
    await endSessions(tx, userId, at, 'address-changed')
    const event = { ...about, outcome: 'success', clientId } as const
    const personal = { personId: userId, details: { from: oldEmail, to: newEmail } }
    const eventId = await recordWithPersonal(tx, event, personal)
    await notify(tx, { to: userId, kind: 'email-changed', eventId, facts: { emailChangeId: id } })
    const person = await readPerson(tx, userId)
    if (person) await tellOfAdministrator(tx, person, eventId, 'address-changed')
    return 'changed'
  })
}

/** False if the address is taken, also by an invitation that commits first. */
async function setEmail(tx: Transaction, userId: string, email: string): Promise<boolean> {
  if (await isTaken(tx, email)) return false
  try {
    await tx.transaction((inner) => inner.update(users).set({ email }).where(eq(users.id, userId)))
    return true
  } catch (error) {
    if (await isTaken(tx, email)) return false
    throw error
  }
}
