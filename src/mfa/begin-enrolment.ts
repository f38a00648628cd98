import { and, eq } from 'drizzle-orm'
import { v7 as uuidv7 } from 'uuid'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { halfwayUntil, type Person } from '../gate/facts.ts'
import { holdSession } from '../gate/hold-session.ts'
import { revokePendingAuthenticator } from '../gate/revoke-pending-authenticator.ts'
import { byOneself, type Origin, record } from '../platform/audit/record.ts'
import { seal } from '../platform/crypto/sealed-secret.ts'
import type { Transaction } from '../platform/db/client.ts'
import { authenticators } from '../platform/db/schema/authenticators.ts'
import { type PendingAuthenticator, readPendingAuthenticator } from './pending-authenticator.queries.ts'
import { newSecret } from './totp.ts'

export interface Beginning {
  session: ActingSession
  /** `resume`: the pending secret, else a new one. `restart`: a new one if one is pending. `anew`: a new one. */
  how: 'resume' | 'anew' | 'restart'
  secret?: Buffer
}

/** Revokes a secret that another session began. Null if the session has ended or the authenticator of `person` has changed. */
export function beginEnrolment(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  person: Person,
  { session, how, secret = newSecret() }: Beginning,
  origin: Origin,
): Promise<PendingAuthenticator | null> {
  return deps.db.transaction(async (tx) => {
    // A second tab waits here, then finds the secret of the first.
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
    await record(tx, { ...byOneself(person, now, origin), action: 'authenticator.enrolment-begun' })
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
