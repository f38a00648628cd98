import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { readStage } from '../gate/read-stage.ts'
import { ForbiddenError } from '../platform/http/errors.ts'
import { type Visit, viewAccount } from './visit.ts'

/** A file can take long: throws for a person who is signed out, disabled, demoted or reset in between. */
export async function goOnViewing(
  deps: Deps,
  session: ActingSession,
  visit: Visit,
  clientId: string,
): Promise<void> {
  const { stage, person } = await readStage(deps, session)
  const view =
    stage === 'signed-in' && person ? await viewAccount(deps, { ...visit, viewer: person }, clientId) : null
  if (!view?.ok) throw new ForbiddenError('You may no longer look into this account.')
}
