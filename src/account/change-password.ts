import { currentActor } from '../access/judge.ts'
import { type ProvenPassword, provePassword } from '../access/prove-password.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Origin } from '../platform/audit/record.ts'
import { hashPassword } from '../sign-in/password-hash.ts'
import { setPassword } from '../sign-in/set-password.ts'

export type ChangeOutcome = { ok: true; epoch: number } | Extract<ProvenPassword, { ok: false }>

/** Ends all other sessions. Attempts at the current password are counted as at sign-in. */
export async function changePassword(
  deps: Deps,
  session: ActingSession,
  { current, chosen, browser }: { current: string; chosen: string; browser: readonly string[] },
  origin: Origin,
): Promise<ChangeOutcome> {
  const proven = await provePassword(deps, session, { password: current, browser }, origin)
  if (!proven.ok) return proven

  const passwordHash = await hashPassword(chosen)
  return deps.db.transaction(async (tx): Promise<ChangeOutcome> => {
    const current = await currentActor(deps, tx, session, { action: 'password.changed', origin })
    if (!current) return { ok: false, problem: 'superseded' }
    const { person: owner, now } = current
    const change = { passwordHash, through: 'own-account', origin, now, spared: session.sessionId } as const
    return { ok: true, epoch: await setPassword(tx, owner, change) }
  })
}
