import { currentActor } from '../access/judge.ts'
import type { Refusal } from '../access/refusals.ts'
import type { Deps } from '../deps.ts'
import { beginEmailChange, withdrawEmailChange } from '../email-change/begin-email-change.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Origin } from '../platform/audit/record.ts'

/**
 * Asks for another address of the acting person; the present one takes back what was asked for before. The caller has
 * checked password and code.
 */
export function changeOwnEmail(
  deps: Deps,
  session: ActingSession,
  email: string,
  origin: Origin,
): Promise<{ refusal: null; asked: boolean } | { refusal: Refusal }> {
  return deps.db.transaction(async (tx) => {
    const current = await currentActor(deps, tx, session, { action: 'user.email-change-requested', origin })
    if (!current) return { refusal: 'signed-out' as const }
    const { person, now: at } = current
    const by = { actor: session, at, origin }
    if (email === person.email) {
      await withdrawEmailChange(tx, person, by)
      return { refusal: null, asked: false }
    }
    const begun = await beginEmailChange(deps, tx, person, email, by)
    return begun.ok ? { refusal: null, asked: true } : { refusal: begun.refusal }
  })
}
