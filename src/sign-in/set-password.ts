import { and, eq, isNull } from 'drizzle-orm'
import { endSessions } from '../gate/end-sessions.ts'
import { endKnownBrowsers } from '../lockout/end-known-browsers.ts'
import { byOneself, type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { passwordResets } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'
import { notify } from '../platform/mail/notify.ts'

/** Ends every session and open reset link; MFA stays. Returns the new epoch, with which `spared` (a stored id) goes on. */
export async function setPassword(
  tx: Transaction,
  owner: { id: string; clientId: string },
  change: {
    passwordHash: string
    through: 'reset-link' | 'own-account'
    origin: Origin
    now: Date
    spared?: string
  },
): Promise<number> {
  const { passwordHash, through, origin, now, spared } = change
  await tx.update(users).set({ passwordHash }).where(eq(users.id, owner.id))
  await tx
    .update(passwordResets)
    .set({ usedAt: now })
    .where(and(eq(passwordResets.userId, owner.id), isNull(passwordResets.usedAt)))
  await endKnownBrowsers(tx, owner.id, now)
  const epoch = await endSessions(tx, owner.id, now, 'password-changed', spared)
  const event = {
    ...byOneself(owner, now, origin),
    action: 'password.changed',
    details: { through },
  } as const
  const eventId = await record(tx, event)
  await notify(tx, { to: owner.id, kind: 'password-changed', eventId, facts: {} })
  return epoch
}
