import { validate as isUuid } from 'uuid'
import { currentActor } from '../access/current-actor.ts'
import { ownAccount, recordRefusal } from '../access/record-refusal.ts'
import { type Origin, record } from '../audit/record.ts'
import type { Transaction } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import type { ActingSession } from '../gate/acting-session.ts'
import type { Person } from '../gate/facts.ts'
import { endKnownBrowsers } from '../lockout/end-known-browsers.ts'

const ACTION = 'known-browser.ended'

/** Ends one known browser of the person who acts, or all. False if there is none to end, or the session has ended. */
export function endOwnBrowsers(
  deps: Deps,
  session: ActingSession,
  browserId: string | 'all',
  origin: Origin,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const current = await currentActor(deps, tx, session, { action: ACTION, origin, asked: browserId })
    if (!current) return false
    const { person, now } = current
    if (browserId !== 'all' && !isUuid(browserId)) return refuse(tx, person, browserId, origin, now)
    const one = browserId === 'all' ? undefined : browserId
    const ended = await endKnownBrowsers(tx, person.id, now, one)
    if (ended === 0 && one === undefined) return false
    // Another person's browser is as unknown as one that never was.
    if (ended === 0) return refuse(tx, person, browserId, origin, now)

    await record(tx, {
      at: now,
      action: ACTION,
      outcome: 'success',
      origin,
      clientId: person.clientId,
      actorId: person.id,
      subjectId: person.id,
      details: { ended: one === undefined ? 'all' : 'one' },
    })
    return true
  })
}

async function refuse(
  tx: Transaction,
  person: Person,
  asked: string,
  origin: Origin,
  now: Date,
): Promise<false> {
  const refused = { action: ACTION, now, origin, actor: person, refusal: 'unknown' } as const
  await recordRefusal(tx, { ...refused, ...ownAccount(person), asked })
  return false
}
