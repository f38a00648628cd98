import { eq } from 'drizzle-orm'
import { currentActor } from '../access/current-actor.ts'
import { ownAccount, recordRefusal } from '../access/record-refusal.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { endSessions } from '../gate/end-sessions.ts'
import type { Person } from '../gate/facts.ts'
import { revokePendingAuthenticator } from '../gate/revoke-pending-authenticator.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { sessions } from '../platform/db/schema/sessions.ts'
import { readOwnSessions } from './own-sessions.queries.ts'

const ACTION = 'session.ended'

/**
 * Ends one session of a person, by its handle, and what it was about to enrol. False if it is not there. The rest
 * go on, so the epoch stays: a session without its row cannot come back, not even under the new id a code gives it.
 */
export function endOneSession(
  deps: Deps,
  session: ActingSession,
  handle: string,
  origin: Origin,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const current = await currentActor(deps, tx, session, { action: ACTION, origin, asked: handle })
    if (!current) return false
    const { person, now } = current
    // Looked for among one's own: another person's is as unknown as one that never was.
    const open = await readOwnSessions(tx, person, session.sessionId, now)
    const chosen = open.find((own) => own.handle === handle)
    if (!chosen) {
      const refused = { action: ACTION, now, origin, actor: person, refusal: 'unknown' } as const
      await recordRefusal(tx, { ...refused, ...ownAccount(person), asked: handle })
      return false
    }

    const ended = await tx
      .delete(sessions)
      .where(eq(sessions.id, chosen.storedId))
      .returning({ id: sessions.id })
    if (ended.length === 0) return false

    await revokePendingAuthenticator(tx, person.id, now, chosen.storedId)
    await recordEnd(tx, person, 'one', origin, now)
    return true
  })
}

/**
 * Ends every session and half-way sign-in of a person but the one that asks for it. Returns the epoch that one goes on
 * with; null if it was ended itself meanwhile.
 */
export function endOtherSessions(deps: Deps, session: ActingSession, origin: Origin): Promise<number | null> {
  return deps.db.transaction(async (tx) => {
    const current = await currentActor(deps, tx, session, { action: ACTION, origin })
    if (!current) return null
    const { person, now } = current
    const epoch = await endSessions(tx, person.id, now, session.sessionId)
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
  return record(tx, { ...about, at, action: ACTION, outcome: 'success', origin })
}
