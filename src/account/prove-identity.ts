import type { Request } from 'express'
import { provePassword } from '../access/prove-password.ts'
import { proveStepUp, type StepUpOutcome } from '../access/prove-step-up.ts'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import { browserTokensOf } from '../lockout/known-browser-cookie.ts'
import { originOf } from '../platform/http/origin.ts'

/** Checks the password first: without it, a guesser learns nothing about codes. A right code is used up. */
export async function proveIdentity(
  deps: Deps,
  req: Request,
  person: Person,
  { password, code }: { password: string; code: string },
): Promise<StepUpOutcome> {
  const session = actingSessionOf(req)
  const browser = browserTokensOf(req, deps.config)
  const proven = await provePassword(deps, session, { password, browser }, originOf(req))
  return proven.ok && person.authenticator
    ? proveStepUp(deps, session, person, { typed: code, browser }, originOf(req))
    : proven
}
