import { and, eq, gt, inArray, isNull, ne } from 'drizzle-orm'
import type { Origin } from '../audit/record.ts'
import type { Reader, Transaction } from '../db/client.ts'
import { clients } from '../db/schema/clients.ts'
import { passwordResets } from '../db/schema/links.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { clear } from '../lockout/policy.ts'
import { hashPassword } from './password-hash.ts'
import { setPassword } from './set-password.ts'

/** Whom an unused, unexpired reset link belongs to, if it helps them; null for any other. */
export async function ownerOfResetLink({ clock }: Pick<Deps, 'clock'>, db: Reader, tokenHash: Buffer) {
  const [row] = await db
    .select({
      resetId: passwordResets.id,
      id: users.id,
      clientId: users.clientId,
      email: users.email,
      name: users.name,
      passwordHash: users.passwordHash,
    })
    .from(passwordResets)
    .innerJoin(users, eq(users.id, passwordResets.userId))
    .innerJoin(clients, eq(clients.id, users.clientId))
    .where(
      and(
        eq(passwordResets.tokenHash, tokenHash),
        isNull(passwordResets.usedAt),
        gt(passwordResets.expiresAt, clock.now()),
        ne(users.status, 'disabled'),
        isNull(clients.suspendedAt),
      ),
    )
  return row ?? null
}

/**
 * Sets the password through a mailed link, once. Ends all sessions and lifts a password lock; never touches
 * MFA: the next sign-in asks for the code as ever. False if the link is used or over.
 */
export async function resetPassword(
  deps: Deps,
  tokenHash: Buffer,
  password: string,
  origin: Origin,
): Promise<boolean> {
  const passwordHash = await hashPassword(password)
  return deps.db.transaction(async (tx) => {
    const now = deps.clock.now()
    await lockOwner(tx, tokenHash)
    const owner = await ownerOfResetLink(deps, tx, tokenHash)
    if (!owner) return false
    const used = await tx
      .update(passwordResets)
      .set({ usedAt: now })
      .where(and(eq(passwordResets.id, owner.resetId), isNull(passwordResets.usedAt)))
      .returning({ id: passwordResets.id })
    if (used.length === 0) return false

    await setPassword(tx, owner, { passwordHash, through: 'reset-link', origin, now })
    await changeLockout(tx, { subject: owner.id, kind: 'password' }, now, (state) => clear(state, now))
    return true
  })
}

/** The user first, as everybody does who changes one: else two links of one person would wait for each other. */
async function lockOwner(tx: Transaction, tokenHash: Buffer): Promise<void> {
  const owner = tx
    .select({ userId: passwordResets.userId })
    .from(passwordResets)
    .where(eq(passwordResets.tokenHash, tokenHash))
  await tx.select({ id: users.id }).from(users).where(inArray(users.id, owner)).for('no key update')
}
