import { and, eq } from 'drizzle-orm'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import { sessions } from '../db/schema/sessions.ts'
import type { Deps } from '../deps.ts'
import { endSessions } from '../gate/end-sessions.ts'
import type { Person } from '../gate/facts.ts'
import { sessionsStillLive } from '../gate/sessions-still-live.ts'
import { revokePendingAuthenticator } from '../mfa/revoke-pending-authenticator.ts'

/**
 * Ends one session of a person, by its stored id, and what it was about to enrol. False if it is not there. The rest
 * go on, so the epoch stays: a session without its row cannot come back, not even under the new id a code gives it.
 */
export function endOneSession(
  { db, clock }: Deps,
  person: Person,
  storedId: string,
  origin: Origin,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    if (!(await sessionsStillLive(tx, person))) return false
    const ended = await tx
      .delete(sessions)
      .where(and(eq(sessions.userId, person.id), eq(sessions.id, storedId)))
      .returning({ id: sessions.id })
    if (ended.length === 0) return false

    const now = clock.now()
    await revokePendingAuthenticator(tx, person.id, now, storedId)
    await recordEnd(tx, person, 'one', origin, now)
    return true
  })
}

/**
 * Ends every session and half-way sign-in of a person but the one that asks for it, by its stored id. Returns the
 * epoch that one goes on with; null if it was ended itself meanwhile.
 */
export function endOtherSessions(
  { db, clock }: Deps,
  person: Person,
  ownId: string,
  origin: Origin,
): Promise<number | null> {
  return db.transaction(async (tx) => {
    if (!(await sessionsStillLive(tx, person))) return null
    const now = clock.now()
    const epoch = await endSessions(tx, person.id, now, ownId)
    await recordEnd(tx, person, 'all others', origin, now)
    return epoch
  })
}

function recordEnd(
  tx: Transaction,
  { id, clientId }: Person,
  ended: 'one' | 'all others',
  origin: Origin,
  at: Date,
) {
  const about = { clientId, actorId: id, subjectId: id, details: { ended } }
  return record(tx, { ...about, at, action: 'session.ended', outcome: 'success', origin })
}
