import { and, eq, gt, isNull, ne } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { Reader } from '../platform/db/client.ts'
import { clients } from '../platform/db/schema/clients.ts'
import { passwordResets } from '../platform/db/schema/links.ts'
import { users } from '../platform/db/schema/users.ts'

/** The user of an unused, unexpired reset link; null if there is none, or they may not sign in. */
export async function ownerOfResetLink({ clock }: Pick<Deps, 'clock'>, db: Reader, tokenHash: Buffer) {
  const [row] = await db
    .select({
      resetId: passwordResets.id,
      id: users.id,
      clientId: users.clientId,
      email: users.email,
      name: users.name,
      passwordHash: users.passwordHash,
      sessionEpoch: users.sessionEpoch,
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
