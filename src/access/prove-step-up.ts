import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import { acceptCode } from '../mfa/accept-code.ts'
import type { CodeOutcome } from '../mfa/fail-code.ts'
import { withoutSpaces } from '../mfa/typed-code.ts'
import type { Origin } from '../platform/audit/record.ts'
import { typedPassword } from '../sign-in/password-rules.ts'
import { type ProvenPassword, provePassword } from './prove-password.ts'

export type StepUpOutcome = { ok: true } | Extract<CodeOutcome | ProvenPassword, { ok: false }>

/** Proves who is at the keyboard: by a code if the person has an authenticator, else by the password. */
export async function proveStepUp(
  deps: Deps,
  session: ActingSession,
  person: Person,
  { typed, browser }: { typed: string; browser: readonly string[] },
  origin: Origin,
): Promise<StepUpOutcome> {
  if (person.authenticator) return acceptCode(deps, session, withoutSpaces(typed), 'presence', origin)

  const password = typedPassword(typed)
  return password === null
    ? { ok: false, problem: 'wrong', kind: 'password', lockedUntil: null }
    : provePassword(deps, session, { password, browser }, origin)
}
