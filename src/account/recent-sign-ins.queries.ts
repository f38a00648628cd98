import type { AuditAction } from '../audit/actions.ts'
import type { EventRow } from '../audit/events.queries.ts'
import type { Reader } from '../db/client.ts'
import { describeDevice } from '../notifications/describe-device.ts'
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

/** The last ten sign-ins of a person, whether they succeeded or not, the newest first. */
export async function readRecentSignIns(db: Reader, userId: string): Promise<SignInView[]> {
  const events = await readRecent(db, userId, ACTIONS, 2 * SHOWN)
  const completed = new Set(
    events.flatMap(({ action, requestId }) => (action === 'sign-in.completed' ? [requestId] : [])),
  )
  return (
    events
      // Where the password was all that was asked for, the same request completed the sign-in: told once.
      .filter(({ action, requestId }) => action === 'sign-in.completed' || !completed.has(requestId))
      .slice(0, SHOWN)
      .map((event) => ({
        at: event.at,
        outcome: event.outcome,
        words: wordsFor(event),
        address: event.address,
        device: describeDevice(event.userAgent ?? ''),
      }))
  )
}

function wordsFor({ action, outcome, details }: EventRow): string {
  if (action === 'sign-in.completed')
    return details.with === 'password' ? 'Signed in with the password' : 'Signed in with a code'
  const secret = action === 'sign-in.password' ? 'password' : 'code'
  if (outcome === 'success') return secret === 'password' ? 'Password accepted' : 'Code accepted'
  return outcome === 'failure' ? `Wrong ${secret}` : `A ${secret} was not checked: locked`
}
