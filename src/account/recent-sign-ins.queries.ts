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
  const events = await readRecent(db, userId, ACTIONS, SHOWN)
  return events.map(({ at, action, outcome, address, userAgent }) => ({
    at,
    outcome,
    words: wordsFor(action, outcome),
    address,
    device: describeDevice(userAgent ?? ''),
  }))
}

function wordsFor(action: string, outcome: EventRow['outcome']): string {
  if (action === 'sign-in.completed') return 'Signed in with a code'
  const secret = action === 'sign-in.password' ? 'password' : 'code'
  if (outcome === 'success') return secret === 'password' ? 'Password accepted' : 'Code accepted'
  return outcome === 'failure' ? `Wrong ${secret}` : `A ${secret} was not checked: locked`
}
