import type { Origin } from '../audit/record.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import { provePassword } from '../presence/prove-password.ts'
import { type PresenceOutcome, provePresence } from '../presence/prove-presence.ts'

/**
 * Proves the password and, of somebody with an authenticator, a code of it. As at sign-in the password comes first:
 * whoever lacks it neither learns whether a code is right nor reaches the count of codes. Each is counted, and a
 * right code is used up.
 */
export async function proveIdentity(
  deps: Deps,
  session: ActingSession,
  person: Person,
  { password, code, browser }: { password: string; code: string; browser: readonly string[] },
  origin: Origin,
): Promise<PresenceOutcome> {
  const proven = await provePassword(deps, session, { password, browser }, origin)
  return proven.ok && person.authenticator
    ? provePresence(deps, session, person, { typed: code, browser }, origin)
    : proven
}
