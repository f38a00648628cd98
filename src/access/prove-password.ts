import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { readStage } from '../gate/read-stage.ts'
import type { Origin } from '../platform/audit/record.ts'
import { checkPassword, type PasswordOutcome } from '../sign-in/check-password.ts'

export type ProvenPassword =
  | Exclude<PasswordOutcome, { problem: 'shut-out' }>
  /** The session ended during the request. */
  | { ok: false; problem: 'superseded' }

/** Checks the password of a signed-in person, counted as at sign-in. */
export async function provePassword(
  deps: Deps,
  session: ActingSession,
  { password, browser }: { password: string; browser: readonly string[] },
  origin: Origin,
): Promise<ProvenPassword> {
  const { stage, person } = await readStage(deps, session)
  if (stage !== 'signed-in' || !person) return { ok: false, problem: 'superseded' }
  const outcome = await checkPassword(deps, { email: person.email, password, browser }, origin, 'presence')
  return !outcome.ok && outcome.problem === 'shut-out' ? { ok: false, problem: 'superseded' } : outcome
}
