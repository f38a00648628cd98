import { and, eq, gt, isNull } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Deps } from '../deps.ts'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { emailChanges } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'

const requesters = alias(users, 'requesters')

function openChanges(db: Reader, now: Date) {
  const { id, userId, oldEmail, newEmail, tokenHash, expiresAt } = emailChanges
  return {
    isOpen: and(
      isNull(emailChanges.usedAt),
      isNull(emailChanges.revokedAt),
      gt(expiresAt, now),
      eq(users.status, 'active'),
      isNull(clients.suspendedAt),
      // A new password, a reset or a disabled account ends the change: it may have been asked for by a thief.
      eq(users.sessionEpoch, emailChanges.epoch),
      eq(requesters.status, 'active'),
      eq(requesters.sessionEpoch, emailChanges.requesterEpoch),
    ),
    select: db
      .select({
        id,
        userId,
        clientId: users.clientId,
        clientName: clients.name,
        oldEmail,
        newEmail,
        tokenHash,
        expiresAt,
      })
      .from(emailChanges)
      .innerJoin(users, eq(users.id, userId))
      .innerJoin(clients, eq(clients.id, users.clientId))
      .innerJoin(requesters, eq(requesters.id, emailChanges.requestedBy)),
  }
}

/** The change of a user that waits for its confirmation; null without one. */
export async function readOpenEmailChange(db: Reader, userId: string, now: Date) {
  const { select, isOpen } = openChanges(db, now)
  const [change] = await select.where(and(eq(emailChanges.userId, userId), isOpen))
  return change ?? null
}

/** The change behind a link; null if it is used, replaced, taken back, expired or unknown. */
export async function emailChangeOfLink({ clock }: Pick<Deps, 'clock'>, db: Reader, tokenHash: Buffer) {
  const { select, isOpen } = openChanges(db, clock.now())
  const [change] = await select.where(and(eq(emailChanges.tokenHash, tokenHash), isOpen))
  return change ?? null
}
