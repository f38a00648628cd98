import { type Origin, record } from '../audit/record.ts'
import type { Deps } from '../deps.ts'
import type { Person } from '../gate/facts.ts'
import { changeLockout } from '../lockout/change-lockout.ts'
import { clear } from '../lockout/policy.ts'
import { activateUser } from '../users/activate-user.ts'
import { acceptCode } from './accept-code.ts'
import type { CodeOutcome } from './code-outcome.ts'

/** Authenticates a person with a code of their active authenticator, and so completes the sign-in. */
export function verifyCode(deps: Deps, person: Person, code: string, origin: Origin): Promise<CodeOutcome> {
  return acceptCode(deps, person, code, origin, async (tx, now, attempt) => {
    const key = { subject: person.id, kind: 'code' as const }
    await changeLockout(tx, key, now, (state) => clear(state, now), attempt.stored)
    await record(tx, {
      at: now,
      action: 'sign-in.completed',
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: person.id,
      details: { with: 'code' },
    })
    if (person.status === 'invited') await activateUser(tx, person, origin, now)
  })
}
