import type { Transaction } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { holdSession, type LockedPerson } from '../gate/hold-session.ts'
import { isSignedIn } from '../gate/stages.ts'

/**
 * The person who acts, as they are now: locks them and their session's row, and asks the gate's own table. Null if they
 * are not signed in any more.
 */
export async function currentActor(
  deps: Pick<Deps, 'clock'>,
  tx: Transaction,
  session: ActingSession,
): Promise<LockedPerson | null> {
  const held = await holdSession(deps, tx, session)
  return held && isSignedIn(session, held.person, held.now) ? held : null
}
