import { provePassword } from '../access/prove-password.ts'
import { proveStepUp, type StepUpOutcome } from '../access/prove-step-up.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import type { Origin } from '../platform/audit/record.ts'

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
): Promise<StepUpOutcome> {
  const proven = await provePassword(deps, session, { password, browser }, origin)
  return proven.ok && person.authenticator
    ? proveStepUp(deps, session, person, { typed: code, browser }, origin)
    : proven
}
