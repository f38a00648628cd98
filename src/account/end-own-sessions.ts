import { eq } from 'drizzle-orm'
import { currentActor } from '../access/judge.ts'
import { ownAccount, recordRefusal } from '../access/record-refusal.ts'
import { withdrawRequestsOf } from '../approvals/withdraw-approval.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { deleteSessions } from '../gate/delete-sessions.ts'
import { endSessions } from '../gate/end-sessions.ts'
import type { Person } from '../gate/facts.ts'
import { readOpenSessions } from '../gate/open-sessions.queries.ts'
import { revokePendingAuthenticator } from '../gate/revoke-pending-authenticator.ts'
import { type Origin, record } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { sessions } from '../platform/db/schema/sessions.ts'

const ACTION = 'session.ended'

/**
 * Ends one session, its pending enrolment and its open requests; the epoch stays, so that the others go on. False if it is
 * not there.
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
    // Another person's session is answered as a handle that does not exist.
    const open = await readOpenSessions(tx, person, session.sessionId, now)
    const chosen = open.find((own) => own.handle === handle)
    if (!chosen) {
      const refused = { action: ACTION, now, origin, actor: person, refusal: 'unknown' } as const
      await recordRefusal(tx, { ...refused, ...ownAccount(person), asked: handle })
      return false
    }

    const ended = await deleteSessions(tx, eq(sessions.id, chosen.storedId), 'ended-elsewhere', now)
    if (ended === 0) return false

    await revokePendingAuthenticator(tx, person.id, now, chosen.storedId)
    await withdrawRequestsOf(tx, chosen.storedId, { actorId: person.id, origin, at: now })
    await recordEnd(tx, person, 'one', origin, now)
    return true
  })
}

/** Ends all sessions but the acting one. Returns its new epoch; null if it has ended itself. */
export function endOtherSessions(deps: Deps, session: ActingSession, origin: Origin): Promise<number | null> {
  return deps.db.transaction(async (tx) => {
    const current = await currentActor(deps, tx, session, { action: ACTION, origin })
    if (!current) return null
    const { person, now } = current
    const epoch = await endSessions(tx, person.id, now, 'ended-elsewhere', session.sessionId)
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
