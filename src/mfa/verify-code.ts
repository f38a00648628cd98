import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { activateUser } from '../gate/activate-user.ts'
import type { Person } from '../gate/facts.ts'
import type { Origin } from '../platform/audit/record.ts'
import { acceptCode } from './accept-code.ts'
import type { CodeOutcome } from './fail-code.ts'

/** Completes a sign-in with a code. An invited user becomes active by it. */
export async function verifyCode(
  deps: Deps,
  session: ActingSession,
  person: Person,
  code: string,
  origin: Origin,
): Promise<CodeOutcome> {
  const outcome = await acceptCode(deps, session, code, 'verify', origin)
  // If this fails, the session is not verified, and the next code activates the user.
  if (!outcome.ok || person.status !== 'invited') return outcome
  const activated = await deps.db.transaction((tx) => activateUser(tx, person, origin, deps.clock.now()))
  return activated ? outcome : { ok: false, problem: 'superseded' }
}
