import { and, eq, gt } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { unseal } from '../platform/crypto/sealed-secret.ts'
import type { Reader } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'

export interface PendingAuthenticator {
  id: string
  secret: Buffer
  pendingUntil: Date
}

/** The enrolment that this session began and may still confirm, or null. */
export async function readPendingAuthenticator(
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
  db: Reader,
  { userId, sessionId }: ActingSession,
): Promise<PendingAuthenticator | null> {
  const [row] = await db
    .select({
      id: authenticators.id,
      sealedSecret: authenticators.sealedSecret,
      pendingUntil: authenticators.pendingUntil,
    })
    .from(authenticators)
    .where(
      and(
        eq(authenticators.userId, userId),
        eq(authenticators.status, 'pending'),
        eq(authenticators.begunInSession, sessionId),
        gt(authenticators.pendingUntil, clock.now()),
      ),
    )
  if (!row?.sealedSecret) return null
  const { id, sealedSecret, pendingUntil } = row
  return {
    id,
    pendingUntil,
    secret: unseal(sealedSecret, { authenticatorId: id, userId }, config.ENCRYPTION_KEYS),
  }
}

/** Whether this session ever began an enrolment, revoked ones included. */
export async function hasBegun(db: Reader, { userId, sessionId }: ActingSession): Promise<boolean> {
  const [begun] = await db
    .select({ id: authenticators.id })
    .from(authenticators)
    .where(and(eq(authenticators.userId, userId), eq(authenticators.begunInSession, sessionId)))
    .limit(1)
  return begun !== undefined
}
