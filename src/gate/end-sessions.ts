import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '../db/client.ts'
import { sessions } from '../db/schema/sessions.ts'
import { users } from '../db/schema/users.ts'
import { revokePendingAuthenticator } from '../mfa/revoke-pending-authenticator.ts'

/**
 * Ends every session and half-way sign-in of a person at once, on every process: raising the epoch does it,
 * also for a session that a slow request writes back afterwards. Deleting the rows only tidies up. Returns the new
 * epoch: with it in its proofs, the session that asked for this may go on under a new id.
 */
export async function endSessions(tx: Transaction, userId: string, now: Date): Promise<number> {
  const epoch = await raiseEpoch(tx, userId)
  await tx.delete(sessions).where(eq(sessions.userId, userId))
  await revokePendingAuthenticator(tx, userId, now)
  return epoch
}

/** Raises the session epoch of a person and returns it. */
export async function raiseEpoch(tx: Transaction, userId: string): Promise<number> {
  const [raised] = await tx
    .update(users)
    .set({ sessionEpoch: sql`${users.sessionEpoch} + 1` })
    .where(eq(users.id, userId))
    .returning({ epoch: users.sessionEpoch })
  if (!raised) throw new Error('sessions of nobody cannot be ended')
  return raised.epoch
}
