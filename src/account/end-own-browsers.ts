import { validate as isUuid } from 'uuid'
import { currentActor } from '../access/judge.ts'
import { ownAccount, recordRefusal } from '../access/record-refusal.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import { endKnownBrowsers } from '../lockout/end-known-browsers.ts'
import { type Origin, record } from '../platform/audit/record.ts'

const ACTION = 'known-browser.ended'

/** Ends one known browser of the acting person, or all of them (null). False if there is none. */
export function endOwnBrowsers(
  deps: Deps,
  session: ActingSession,
  browserId: string | null,
  origin: Origin,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const asked = browserId === null ? {} : { asked: browserId }
    const current = await currentActor(deps, tx, session, { action: ACTION, origin, ...asked })
    if (!current) return false
    const { person, now } = current
    const isNoId = browserId !== null && !isUuid(browserId)
    const ended = isNoId ? 0 : await endKnownBrowsers(tx, person.id, now, browserId)
    if (ended === 0) {
      // Another person's browser is answered as an id that does not exist.
      const refused = { action: ACTION, now, origin, actor: person, refusal: 'unknown' } as const
      if (browserId !== null) await recordRefusal(tx, { ...refused, ...ownAccount(person), ...asked })
      return false
    }

    await record(tx, {
      at: now,
      action: ACTION,
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: person.id,
      details: { ended: browserId === null ? 'all' : 'one' },
    })
    return true
  })
}
