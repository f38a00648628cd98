import { and, eq, gt, isNull, ne } from 'drizzle-orm'
import type { Reader } from '../db/client.ts'
import { clients } from '../db/schema/clients.ts'
import { passwordResets } from '../db/schema/links.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'

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
