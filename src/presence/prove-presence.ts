import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { giveBack } from '../lockout/policy.ts'
import { acceptCode } from '../mfa/accept-code.ts'
import type { CodeOutcome } from '../mfa/code-outcome.ts'
import { checkPassword } from '../sign-in/check-password.ts'

export type PresenceOutcome = { ok: true } | Extract<CodeOutcome, { ok: false }>

/** Proves that the person at the keyboard is who signed in: by a code if they have an authenticator, else the password. */
export async function provePresence(
  deps: Deps,
  person: Person,
  typed: string,
  origin: Origin,
): Promise<PresenceOutcome> {
  if (!person.authenticator)
    return checkPassword(deps, { email: person.email, password: typed }, origin, 'presence')

  return acceptCode(deps, person, typed.replaceAll(' ', ''), origin, async (tx, now, attempt) => {
    // Older failures stay: the code count clears only when a sign-in completes.
    const key = { subject: person.id, kind: 'code' as const }
    await changeLockout(tx, key, now, (state) => giveBack(state, attempt.spentAt), attempt.stored)
    await recordPresence(tx, person, origin, now)
  })
}

function recordPresence(tx: Transaction, { id, clientId }: Person, origin: Origin, now: Date) {
  const about = { origin, clientId, actorId: id, subjectId: id }
  return record(tx, { ...about, at: now, action: 'presence', outcome: 'success' })
}
