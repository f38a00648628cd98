import { and, eq, ne } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { seal, unseal } from '../at-rest/sealed-secret.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import { users } from '../db/schema/users.ts'
import type { Deps } from '../deps.ts'
import { MINUTE } from '../durations.ts'
import type { Person } from '../gate/facts.ts'
import { revokePendingAuthenticator } from './revoke-pending-authenticator.ts'
import { newSecret } from './totp.ts'

/** How long a secret that was shown waits for its first code. */
export const PENDING_LIFE_MS = 10 * MINUTE

export interface Enrolment {
  secret: Buffer
  pendingUntil: Date
}

/**
 * The pending secret of this session: the same at every reload, a new one after 10 minutes or with `restart`.
 * Another session never sees it: somebody who also knows the password begins with a secret of their own, and
 * the other one is void. Null if the person has an authenticator by now.
 */
export async function beginEnrolment(
  deps: Deps,
  person: Person,
  session: string,
  origin: Origin,
  { restart = false } = {},
): Promise<Enrolment | null> {
  return deps.db.transaction(async (tx) => {
    // Two tabs at once: the second waits here and then finds the secret of the first.
    await tx.select({ id: users.id }).from(users).where(eq(users.id, person.id)).for('no key update')
    const live = await liveAuthenticator(tx, person.id)
    if (live?.status === 'active') return null

    const now = deps.clock.now()
    if (!restart && live?.begunInSession === session && live.pendingUntil > now && live.sealedSecret) {
      const secret = unseal(live.sealedSecret, live.id, deps.config.ENCRYPTION_KEYS)
      return { secret, pendingUntil: live.pendingUntil }
    }

    await revokePendingAuthenticator(tx, person.id, now)
    const id = uuidv7()
    const secret = newSecret()
    const pendingUntil = new Date(now.getTime() + PENDING_LIFE_MS)
    const sealedSecret = seal(secret, id, deps.config.ENCRYPTION_KEYS)
    await tx
      .insert(authenticators)
      .values({ id, userId: person.id, sealedSecret, begunInSession: session, createdAt: now, pendingUntil })
    await record(tx, {
      at: now,
      action: 'authenticator.enrolment-begun',
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: person.id,
    })
    return { secret, pendingUntil }
  })
}

/** The active authenticator of a user or, without one, the pending. */
async function liveAuthenticator(tx: Transaction, userId: string) {
  const rows = await tx
    .select()
    .from(authenticators)
    .where(and(eq(authenticators.userId, userId), ne(authenticators.status, 'revoked')))
  return rows.find(({ status }) => status === 'active') ?? rows[0]
}
