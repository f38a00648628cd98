import { and, eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { halfwayUntil, type Person } from '../gate/facts.ts'
import { holdSession } from '../gate/hold-session.ts'
import { revokePendingAuthenticator } from '../gate/revoke-pending-authenticator.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import { seal } from '../platform/crypto/sealed-secret.ts'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { type PendingAuthenticator, readPendingAuthenticator } from './pending-authenticator.queries.ts'
import { newSecret } from './totp.ts'

export interface Beginning {
  /** The secret waits for its first code as long as this may stay half-way. */
  session: ActingSession
  /**
   * `resume`: the secret that is pending in this session, else a new one. `anew`: a new one in any case.
   * `restart`: a new one in place of the pending one; without a pending one, none.
   */
  how: 'resume' | 'anew' | 'restart'
  /** A random one unless given. */
  secret?: Buffer
}

/**
 * Makes a secret pending in this session. Only unsafe requests call this: a GET changes nothing. Another session never
 * sees the secret: someone else who knows the password begins with a secret of their own, and the other one is void.
 * It is to become the person's first authenticator or to replace the one that `person` was read with; null if that is
 * not the active one any more. For a person who has an authenticator, password and code must have been proven in the
 * same request, or the enrolment that was begun so is restarted.
 */
export function beginEnrolment(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  person: Person,
  { session, how, secret = newSecret() }: Beginning,
  origin: Origin,
): Promise<PendingAuthenticator | null> {
  return deps.db.transaction(async (tx) => {
    // Two tabs at once: the second waits here and then finds the secret of the first.
    const held = await holdSession(deps, tx, session)
    if (!held) return null
    if ((await activeAuthenticatorId(tx, person.id)) !== (person.authenticator?.id ?? null)) return null
    const pending = await readPendingAuthenticator(deps, tx, session)
    if (how === 'resume' && pending) return pending
    if (how === 'restart' && !pending) return null

    const { now } = held
    await revokePendingAuthenticator(tx, person.id, now)
    const id = uuidv7()
    const pendingUntil = halfwayUntil(session)
    const sealedSecret = seal(secret, { authenticatorId: id, userId: person.id }, deps.config.ENCRYPTION_KEYS)
    await tx.insert(authenticators).values({
      id,
      userId: person.id,
      sealedSecret,
      begunInSession: session.sessionId,
      createdAt: now,
      pendingUntil,
    })
    await record(tx, {
      at: now,
      action: 'authenticator.enrolment-begun',
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: person.id,
    })
    return { id, secret, pendingUntil }
  })
}

async function activeAuthenticatorId(tx: Transaction, userId: string): Promise<string | null> {
  const [active] = await tx
    .select({ id: authenticators.id })
    .from(authenticators)
    .where(and(eq(authenticators.userId, userId), eq(authenticators.status, 'active')))
  return active?.id ?? null
}
