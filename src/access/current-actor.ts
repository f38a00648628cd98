import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { holdSession, type LockedPerson } from '../gate/hold-session.ts'
import { readPerson } from '../gate/read-person.queries.ts'
import { isSignedIn } from '../gate/stages.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { Origin } from '../platform/audit/record.ts'
import type { Transaction } from '../platform/db/client.ts'
import { ownAccount, recordRefusal } from './record-refusal.ts'

/** What is done, for the record of it that is refused. */
interface Attempt {
  action: AuditAction
  origin: Origin
  asked?: string
}

/**
 * The person who acts, as they are now: locks them and their session's row, and asks the gate's own table. Null, which is
 * recorded, if they are not signed in any more.
 */
export async function currentActor(
  deps: Pick<Deps, 'clock'>,
  tx: Transaction,
  session: ActingSession,
  attempt: Attempt,
): Promise<LockedPerson | null> {
  const held = await holdSession(deps, tx, session)
  if (held && isSignedIn(session, held.person, held.now)) return held
  await recordSignedOut(deps, tx, session, attempt)
  return null
}

/** Records an act of a session that has ended while its request was under way. */
export async function recordSignedOut(
  { clock }: Pick<Deps, 'clock'>,
  tx: Transaction,
  { userId }: ActingSession,
  { action, origin, asked }: Attempt,
): Promise<void> {
  const actor = await readPerson(tx, userId)
  if (!actor) return
  const about = { action, origin, now: clock.now(), actor, refusal: 'signed-out' } as const
  await recordRefusal(tx, { ...about, ...ownAccount(actor), ...(asked !== undefined && { asked }) })
}
