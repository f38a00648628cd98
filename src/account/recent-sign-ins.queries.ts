import type { EventRow } from '../audit-log/event-sentence.ts'
import type { AuditAction } from '../platform/audit/actions.ts'
import type { Reader } from '../platform/db/client.ts'
import { describeDevice } from '../platform/http/describe-device.ts'
import { readRecent } from '../users/user-history.queries.ts'

const SHOWN = 10
const ACTIONS: AuditAction[] = ['sign-in.password', 'sign-in.code', 'sign-in.completed']

export interface SignInView {
  at: Date
  outcome: EventRow['outcome']
  words: string
  address: string | null
  device: string
}

export async function readRecentSignIns(db: Reader, userId: string): Promise<SignInView[]> {
  // A sign-in has two events: the password, and its completion.
  const events = await readRecent(db, userId, ACTIONS, 2 * SHOWN)
  return withoutRepeats(events)
    .slice(0, SHOWN)
    .map((event) => ({
      at: event.at,
      outcome: event.outcome,
      words: wordsFor(event),
      address: event.address,
      device: describeDevice(event.userAgent ?? ''),
    }))
}

/** Drops a right password that a completion from the same place followed; from elsewhere it may be an attacker's. */
function withoutRepeats(newestFirst: readonly EventRow[]): EventRow[] {
  const completedFrom = new Set<string>()
  return newestFirst.filter(({ action, outcome, address, userAgent }) => {
    const place = `${address} ${userAgent}`
    if (action === 'sign-in.completed') completedFrom.add(place)
    const isRightPassword = action === 'sign-in.password' && outcome === 'success'
    return !(isRightPassword && completedFrom.delete(place))
  })
}

function wordsFor({ action, outcome, details }: EventRow): string {
  if (action === 'sign-in.completed')
    return details.with === 'password' ? 'Signed in with the password' : 'Signed in with a code'
  if (outcome === 'success') return 'Password accepted'
  const secret = action === 'sign-in.password' ? 'password' : 'code'
  return outcome === 'failure' ? `Wrong ${secret}` : `A ${secret} was not checked: locked`
}
