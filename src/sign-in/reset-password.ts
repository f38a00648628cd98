import { and, eq, isNull } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { clearLockout } from '../lockout/clear-lockout.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { withoutDeadline } from '../platform/db/deadline.ts'
import { passwordResets } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'
import { hashPassword, passwordMatches } from './password-hash.ts'
import { ownerOfResetLink } from './reset-link.queries.ts'
import { setPassword } from './set-password.ts'

/** Works once. MFA stays. 'gone': the link is used or expired. 'same': the current password; the link still works. */
export async function resetPassword(
  deps: Deps,
  tokenHash: Buffer,
  password: string,
  origin: Origin,
): Promise<'changed' | 'same' | 'gone'> {
  const owner = await ownerOfResetLink(deps, deps.db, tokenHash)
  // Used up before the comparison: of many guesses at the current password at once, one is compared.
  if (!owner || !(await withoutDeadline(() => useUp(deps, owner.resetId)))) return 'gone'
  try {
    return await changePassword(deps, owner, password, origin)
  } catch (error) {
    // The request is answered that nothing was done, so the link stays.
    await withoutDeadline(() => reopen(deps, owner))
    throw error
  }
}

type Owner = NonNullable<Awaited<ReturnType<typeof ownerOfResetLink>>>

async function changePassword(
  { db, clock }: Deps,
  owner: Owner,
  password: string,
  origin: Origin,
): Promise<'changed' | 'same' | 'gone'> {
  const isSame = await passwordMatches(owner.passwordHash, password)
  const passwordHash = isSame ? null : await hashPassword(password)
  return db.transaction(async (tx) => {
    // A new password, disabling or suspension since then revoked the link.
    if (!(await lockOwner(tx, owner))) return 'gone'
    const now = clock.now()
    if (passwordHash === null) {
      await markUnused(tx, owner)
      return 'same'
    }
    const through = 'reset-link'
    await setPassword(tx, owner, { passwordHash, through, origin, now })
    const by = { at: now, clientId: owner.clientId, actorId: owner.id, origin, through } as const
    await clearLockout(tx, { subject: owner.id, kind: 'password' }, by)
    return 'changed'
  })
}

async function useUp({ db, clock }: Deps, resetId: string): Promise<boolean> {
  const used = await db
    .update(passwordResets)
    .set({ usedAt: clock.now() })
    .where(and(eq(passwordResets.id, resetId), isNull(passwordResets.usedAt)))
    .returning({ id: passwordResets.id })
  return used.length === 1
}

function reopen({ db }: Deps, owner: Owner): Promise<void> {
  return db.transaction(async (tx) => {
    if (await lockOwner(tx, owner)) await markUnused(tx, owner)
  })
}

async function markUnused(tx: Transaction, { resetId }: Owner): Promise<void> {
  await tx.update(passwordResets).set({ usedAt: null }).where(eq(passwordResets.id, resetId))
}

/** False if the owner's sessions were ended since they were read. */
async function lockOwner(
  tx: Transaction,
  { id, sessionEpoch }: { id: string; sessionEpoch: number },
): Promise<boolean> {
  const locked = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, id), eq(users.sessionEpoch, sessionEpoch)))
    .for('no key update')
  return locked.length === 1
}
