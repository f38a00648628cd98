import { and, eq, isNull, ne } from 'drizzle-orm'
import { mayChangeInvitation } from '../access/rules.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { invitations, passwordResets } from '../db/schema/links.ts'
import { memberships } from '../db/schema/role-groups.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import { shredded } from '../mfa/shredded.ts'
import { actOnUser, type UserOutcome, type UserRequest } from '../users/act-on-user.ts'
import { sendInvitations } from './send-invitations.ts'

/**
 * Sends an invitation again. The old link dies, and with it whatever was begun through it: a password that somebody
 * chose, an authenticator, a half-way sign-in. The new mail goes to the address of the user and nowhere else.
 */
export function resendInvitation(deps: Deps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'invitation.resent',
    rule: mayChangeInvitation,
    adminsSayWhy: false,
    carryOut: async (tx, { id, clientId }, { at, actorId, origin, details }) => {
      await closeInvitation(tx, id, at)
      await sendInvitations(
        tx,
        { keys: deps.config.ENCRYPTION_KEYS, now: at },
        { actorId, origin, details },
        { clientId, userIds: [id], again: true },
      )
    },
  })
}

/** Takes an invitation back. */
export function withdrawInvitation(deps: Deps, request: UserRequest): Promise<UserOutcome> {
  return actOnUser(deps, request, {
    action: 'invitation.withdrawn',
    rule: mayChangeInvitation,
    adminsSayWhy: false,
    carryOut: (tx, person, { at, actorId, origin, details }) =>
      withdraw(tx, person, { actorId, origin, details }, at),
  })
}

/**
 * Ends somebody who was never active. There is no such user any more, and the address is free for another invitation.
 * The row stays for what the audit log says of it, without address, role groups or password.
 */
export async function withdraw(
  tx: Transaction,
  { id, clientId, email }: { id: string; clientId: string; email: string },
  by: { actorId: string | null; origin: Origin; details?: Record<string, unknown> },
  now: Date,
): Promise<void> {
  await closeInvitation(tx, id, now)
  await tx.delete(memberships).where(eq(memberships.userId, id))
  await tx
    .update(users)
    .set({ status: 'withdrawn', email: `${id}@withdrawn.invalid` })
    .where(eq(users.id, id))
  await record(tx, {
    at: now,
    action: 'invitation.withdrawn',
    outcome: 'success',
    clientId,
    subjectId: id,
    ...by,
    details: { address: email, ...by.details },
  })
}

/** Ends the open invitation and what was begun through it. */
async function closeInvitation(tx: Transaction, userId: string, now: Date): Promise<void> {
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
