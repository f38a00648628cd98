import { and, eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import { seal } from '../at-rest/sealed-secret.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { authenticators } from '../db/schema/authenticators.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { sessionsStillLive } from '../gate/sessions-still-live.ts'
import { MINUTE } from '../time/durations.ts'
import { type PendingAuthenticator, readPendingAuthenticator } from './pending-authenticator.queries.ts'
import { revokePendingAuthenticator } from './revoke-pending-authenticator.ts'
import { newSecret } from './totp.ts'

/** How long a secret that was shown waits for its first code. */
const PENDING_LIFE_MS = 10 * MINUTE

/**
 * `resume`: the secret that is pending in this session, else a new one. `anew`: a new one in any case.
 * `restart`: a new one in place of the pending one, for the rest of its time; without a pending one, none.
 */
export type Beginning = 'resume' | 'anew' | 'restart'

/**
 * The pending secret of this session: the same at every reload, a new one after 10 minutes or if asked for.
 * Another session never sees it: somebody who also knows the password begins with a secret of their own, and
 * the other one is void. It is to become the person's first authenticator or to take the place of the one that
 * `person` was read with; null if that is not the active one any more. Whoever calls this for somebody who has
 * one must have had password and code proven in the same request, or restart what was begun so.
 */
export async function beginEnrolment(
  deps: Deps,
  person: Person,
  session: string,
  origin: Origin,
  beginning: Beginning = 'resume',
): Promise<PendingAuthenticator | null> {
  return deps.db.transaction(async (tx) => {
    // Two tabs at once: the second waits here and then finds the secret of the first.
    if (!(await sessionsStillLive(tx, person))) return null
    if ((await activeAuthenticatorId(tx, person.id)) !== (person.authenticator?.id ?? null)) return null
    const pending = await readPendingAuthenticator(deps, tx, person.id, session)
    if (beginning === 'resume' && pending) return pending
    if (beginning === 'restart' && !pending) return null

    const now = deps.clock.now()
    await revokePendingAuthenticator(tx, person.id, now)
    const id = uuidv7()
    const secret = newSecret()
    const fullTime = new Date(now.getTime() + PENDING_LIFE_MS)
    const pendingUntil = beginning === 'restart' && pending ? pending.pendingUntil : fullTime
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
